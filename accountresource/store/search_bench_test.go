package store_test

import (
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/store"
)

// BenchmarkSearchMiss searches 400,000 rows twenty times for what is in none.
func BenchmarkSearchMiss(b *testing.B) {
	searchMiss(b, "sqlite", filepath.Join(b.TempDir(), "panel.db"))
}

func searchMiss(b *testing.B, driver, dsn string) {
	db, err := sql.Open(driver, dsn)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, db.Close()) })
	s, err := store.Open(b.Context(), db, store.Options{Logger: slog.New(slog.DiscardHandler), Clock: time.Now})
	require.NoError(b, err)
	enabled(b, s, 1)
	l, err := s.Leases().Acquire(b.Context(), 1, "bench", time.Hour)
	require.NoError(b, err)
	began, err := s.Runs().Begin(b.Context(), l, run.Manual, run.Full, time.Now())
	require.NoError(b, err)
	entries := make([]run.Entry, 12_500)
	for i := range entries {
		entries[i] = run.Entry{
			Time: time.Now(), Action: account.ActionCreated, Kind: account.Mailbox, Source: account.SourceID(fmt.Sprintf("%032x", i)),
			Address: fmt.Sprintf("user%06d@example.com", i), DN: fmt.Sprintf("CN=User %06d,OU=People,DC=corp,DC=example", i),
			Diff: []account.Difference{{What: "name", New: "Somebody"}},
		}
	}
	require.NoError(b, s.Runs().Settle(b.Context(), l, began.ID, run.Settled{Entries: entries}))
	for range 5 { // the database doubles them faster
		_, err := db.Exec("INSERT INTO account_resource_log (run_id, at, action, kind, source_id, dn, address, diff, reason, detail)" +
			" SELECT run_id, at, action, kind, source_id, dn, address, diff, reason, detail FROM account_resource_log")
		require.NoError(b, err)
	}
	for b.Loop() {
		for n := range 20 {
			_, err := s.Runs().Entries(b.Context(), began.ID, run.LogFilter{Query: fmt.Sprintf("nobody%d", n), Page: 1, Size: 50})
			require.NoError(b, err)
		}
	}
}
