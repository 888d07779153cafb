package accountresource_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

// soon waits for what a live run brings.
func (f *followed) soon(what string, is func() bool) {
	f.t.Helper()
	require.Eventually(f.t, is, 30*time.Second, 10*time.Millisecond, what)
}

func (f *followed) count(query string, args ...any) (n int) {
	f.t.Helper()
	require.NoError(f.t, f.db.QueryRow(query, args...).Scan(&n))
	return n
}

// With "Replicate changes at once" a change in the directory reaches the mailbox without a manual or scheduled run. A change that concerns no
// account leaves no row in the history.
func TestLiveChangesArriveByThemselves(t *testing.T) {
	f := newFollowed(t, 40)
	f.replicate()
	runs := func() int { return f.count("SELECT COUNT(*) FROM account_resource_run") }
	before := runs()
	require.NoError(t, f.ad.Modify(f.ad.People()[0], fakead.Attributes{"displayName": {"Not Yet"}}))
	assert.Equal(t, before, runs(), "the switch is off")

	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/replication", url.Values{"live": {"on"}, "interval": {"1440"}, "groups": {"on"}, "disable_removed": {"on"}}).status)
	named := func(name string) func() bool {
		return func() bool { return f.count("SELECT COUNT(*) FROM mailbox WHERE name = ?", name) == 1 }
	}
	f.soon("what had changed before", named("Not Yet"))
	require.NoError(t, f.ad.Modify(f.ad.People()[1], fakead.Attributes{"displayName": {"At Once"}}))
	f.soon("a change", named("At Once"))
	f.soon("the page tells", func() bool {
		page := f.get("/account-resources").body
		return f.count("SELECT COUNT(*) FROM account_resource_run WHERE run_trigger = 'live' AND outcome = 'succeeded' AND count_updated > 0") > 0 &&
			strings.Contains(page, "watching")
	})

	// Of no concern: nobody's row, and the watermark moves.
	f.soon("all is read", func() bool { return f.count("SELECT COUNT(*) FROM account_resource_run WHERE outcome = ''") == 0 })
	quiet := runs()
	mark := func() int { return f.count("SELECT usn FROM account_resource_mark") }
	moved := mark()
	require.NoError(t, f.ad.Add("CN=Printer,"+f.ad.BaseDN(), fakead.Attributes{"objectClass": {"contact"}}))
	f.soon("it is looked at", func() bool { return mark() > moved })
	f.soon("no row is left", func() bool { return runs() == quiet })

	require.NoError(t, f.ad.Delete(f.ad.People()[2]))
	f.soon("somebody left, whose tombstone nobody may see", func() bool { return f.count("SELECT COUNT(*) FROM mailbox WHERE active = 0") == 1 })
	assert.Zero(t, f.count("SELECT COUNT(*) FROM account_resource_run WHERE outcome = '' AND id < (SELECT MAX(id) FROM account_resource_run)"), "every run is closed")

	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/disable", nil).status)
	f.soon("nobody watches", func() bool { return f.count("SELECT COUNT(*) FROM account_resource_watch WHERE expires > 0") == 0 })
}

// Of two processes one watches; when it ends, the other does.
func TestLiveIsWatchedByOneProcess(t *testing.T) {
	f := newFollowed(t, 3)
	f.replicate()
	second := newHostBeside(t, f.host)
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/replication", url.Values{"live": {"on"}, "interval": {"1440"}}).status)
	owner := func() (name string) {
		_ = f.db.QueryRow("SELECT owner FROM account_resource_watch WHERE expires > 0").Scan(&name) // no row: empty
		return name
	}
	f.soon("one has it", func() bool { return owner() != "" })
	first := owner()
	require.NoError(t, f.module.Close(t.Context()))
	f.soon("the other takes over", func() bool { return owner() != "" && owner() != first })
	require.NoError(t, f.ad.Modify(f.ad.People()[0], fakead.Attributes{"displayName": {"Taken Over"}}))
	f.soon("and runs", func() bool { return f.count("SELECT COUNT(*) FROM mailbox WHERE name = 'Taken Over'") == 1 })
	require.NoError(t, second.module.Close(t.Context()))
}

// A watch goes on when the password of the bind account is changed in the directory, since it has signed in already. The runs that it wakes
// have not: they must not lock the account.
func TestLiveDoesNotLockTheBindAccount(t *testing.T) {
	f := newFollowed(t, 5)
	f.replicate()
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/replication", url.Values{"live": {"on"}, "interval": {"1440"}}).status)
	require.NoError(t, f.ad.Modify(f.ad.People()[0], fakead.Attributes{"displayName": {"Watched"}}))
	f.soon("it watches", func() bool { return f.count("SELECT COUNT(*) FROM mailbox WHERE name = 'Watched'") == 1 })

	require.NoError(t, f.ad.Modify("CN=reader,CN=Users,"+f.ad.BaseDN(), fakead.Attributes{"password": {"Another-78"}}))
	refused := func() int { return f.count("SELECT COUNT(*) FROM account_resource_run WHERE outcome = 'failed'") }
	require.NoError(t, f.ad.Modify(f.ad.People()[1], fakead.Attributes{"title": {"Changed"}}))
	f.soon("the page says why nobody watches", func() bool { return strings.Contains(f.get("/account-resources").body, "not watching") })
	assert.Equal(t, 1, refused())
}
