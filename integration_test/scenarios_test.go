//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	runs "github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/scenario"
	"github.com/mailpanel/account-resource/accountresource/store"
	"github.com/mailpanel/account-resource/backends"
)

// Every scenario comes out on each store that a mail server may have, as it does in memory.
func TestScenariosOnEveryStore(t *testing.T) {
	t.Parallel()
	all, err := scenario.All()
	require.NoError(t, err)
	onEveryStore(t, func(t *testing.T, mail mailStore) {
		t.Parallel()
		field := newField(t, mail)
		for _, s := range all {
			if scenario.Missing[s.File] != "" {
				continue // run/scenarios_test.go proves that they still do not come out
			}
			t.Run(s.File, func(t *testing.T) {
				require.NoError(t, field.play(t, s))
			})
		}
	})
}

// field is a mail store and the module's tables, where one scenario is played after the other.
type field struct {
	byHand
	backend backends.Backend
	tables  *store.Store
	panel   *mail // the tables' database
	now     time.Time
}

func newField(t *testing.T, where mailStore) *field {
	t.Helper()
	backend, err := where.open(t.Context())
	require.NoError(t, err)
	f := &field{backend: backend, now: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)}
	_, f.panel = moduleTables(t, where)
	switch where := where.(type) {
	case *mail:
		where.exec("UPDATE domain SET domain = ?", scenario.Domain)
		f.byHand = inTables{where}
	case *tree:
		where.moveDomain(scenario.Domain)
		f.byHand = inTree{where}
	}
	clock := func() time.Time { return f.now }
	f.tables, err = store.Open(t.Context(), f.panel.owner, store.Options{
		Keys: [][32]byte{{}}, Logger: slog.New(slog.DiscardHandler), Clock: clock, LeaseClock: clock,
	})
	require.NoError(t, err)
	return f
}

// play plays a scenario in a new resource, and leaves the mail store and the tables without accounts.
func (f *field) play(t *testing.T, s *scenario.Scenario) error {
	t.Helper()
	defer f.clear()
	ctx, settings := t.Context(), resource.Defaults()
	settings.Connection = resource.Connection{
		Domain: scenario.Domain, Host: "dc1", Port: 389, Timeout: 5, BaseDN: "DC=corp", BindDN: "reader",
		BindPassword: resource.NewSecret("s3cret"),
	}
	settings.Replication.Groups = true
	id, err := f.tables.Resources().Create(ctx, resource.Samba, settings)
	require.NoError(t, err)
	require.NoError(t, f.tables.Resources().SetEnabled(ctx, id, true))
	w := &fieldWorld{field: f, id: id, directory: &scenario.Directory{Counts: true, Tombstones: true}, refused: map[string]bool{}}
	p, err := scenario.New(ctx, s, w)
	if err != nil {
		return err
	}
	return errors.Join(p.Run(ctx), p.Check(ctx), p.Rest(ctx))
}

func (f *field) clear() {
	f.empty()
	for _, table := range []string{"link", "removal", "task", "resource"} {
		f.panel.exec("DELETE FROM account_resource_" + table)
	}
}

// fieldWorld is the world of a scenario.
type fieldWorld struct {
	*field
	id        int64
	directory *scenario.Directory
	refused   map[string]bool
}

var _ scenario.World = (*fieldWorld)(nil)

func (w *fieldWorld) Directory() *scenario.Directory { return w.directory }

func (w *fieldWorld) Mail() backends.Backend { return w.backend }

func (w *fieldWorld) Promote(address string) error { w.promote(address); return nil }

func (w *fieldWorld) Reserve(address string) error { w.reserve(address); return nil }

func (w *fieldWorld) Limit(kind account.Kind, most int) error { w.limit(kind, most); return nil }

func (w *fieldWorld) Refuse(address string, refuses bool) { w.refused[address] = refuses }

func (w *fieldWorld) Pass(d time.Duration) { w.now = w.now.Add(d) }

func (w *fieldWorld) Configure(change func(*resource.Settings)) error {
	ctx := context.Background()
	res, err := w.tables.Resources().Get(ctx, w.id)
	if err != nil {
		return err
	}
	next := res.Settings
	change(&next)
	return w.tables.Resources().Save(ctx, res, next, resource.Secret{})
}

func (w *fieldWorld) Replicate(ctx context.Context, wanted runs.Mode) (runs.Run, []runs.Entry, error) {
	res, err := w.tables.Resources().Get(ctx, w.id)
	if err != nil {
		return runs.Run{}, nil, err
	}
	got, err := runs.New(runs.Config{
		OpenReader: w.directory.Open,
		Mail:       runs.Mail{Backend: refusing{w.backend, w.refused}, Storage: backends.DefaultStorage()},
		Store: runs.Store{
			Links: w.tables.Links(), Journal: w.tables.Runs(), Leases: w.tables.Leases(), Removals: w.tables.Removals(),
			Watermarks: w.tables.Watermarks(),
		},
		Owner: "scenario", Logger: slog.New(slog.DiscardHandler), Clock: func() time.Time { return w.now },
	}).Once(ctx, res, runs.Manual, wanted)
	if err != nil {
		return got, nil, err
	}
	rows, err := w.tables.Runs().Rows(ctx, got.ID, runs.LogFilter{Size: 1000})
	return got, rows, err
}

func (w *fieldWorld) Links(ctx context.Context) (links []account.Link, err error) {
	for l, err := range w.tables.Links().Links(ctx, w.id, scenario.Domain) {
		if err != nil {
			return nil, err
		}
		links = append(links, l)
	}
	return links, nil
}

func (w *fieldWorld) Held(ctx context.Context) (ids []account.SourceID, err error) {
	held, err := w.tables.Removals().Waiting(ctx, w.id)
	for _, h := range held {
		if h.Waits() {
			ids = append(ids, h.Source)
		}
	}
	return ids, err
}

func (w *fieldWorld) Decide(ctx context.Context, id account.SourceID, d runs.Decision) error {
	held, err := w.tables.Removals().Waiting(ctx, w.id)
	for _, h := range held {
		if h.Source == id && err == nil {
			_, err = w.tables.Removals().Decide(ctx, w.id, d, h.Action, []account.SourceID{id})
			return err
		}
	}
	return errors.Join(err, errors.New("nothing of it is held"))
}

// refusing is a mail store that refuses changes of some accounts.
type refusing struct {
	backends.Backend
	refused map[string]bool
}

// Apply makes the operations on other accounts.
func (b refusing) Apply(ctx context.Context, d account.Domain, operations []account.Operation) ([]error, error) {
	results, made := make([]error, len(operations)), make([]int, 0, len(operations))
	var others []account.Operation
	for i := range operations {
		if op := &operations[i]; b.refused[op.Address] || b.refused[op.NewAddress] {
			results[i] = fmt.Errorf("%s %s: the mail store refuses it", op.Verb, op.Address)
		} else {
			made, others = append(made, i), append(others, *op)
		}
	}
	got, err := b.Backend.Apply(ctx, d, others)
	if err != nil {
		return nil, err
	}
	for i, n := range made {
		results[n] = got[i]
	}
	return results, nil
}
