package run_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/backends"
)

// storageRules are rules under which two mailboxes of one address could come to lie in the same mail directory.
var storageRules = map[string]backends.Storage{
	"with timestamp":    backends.DefaultStorage(),
	"without timestamp": {BaseDirectory: "/var/vmail/vmail1", PrependDomain: true, Hash: true},
	"flat":              {BaseDirectory: "/var/vmail/vmail1"},
}

// underEveryRule runs a test under each storage rule, with resource deleting accounts whose objects leave; the clock
// stands still.
func underEveryRule(t *testing.T, test func(*testing.T, *harness)) {
	for name, rule := range storageRules {
		t.Run(name, func(t *testing.T) {
			r := newHarness(t)
			r.config.Storage, r.res.Settings.Replication.Delete = rule, true
			test(t, r)
		})
	}
}

// nobodyShares checks that no two mailboxes, kept or deleted, have the same mail directory, and that every link knows
// its own.
func (r *harness) nobodyShares() {
	r.t.Helper()
	whose := map[string]string{}
	for _, a := range accounts(r) {
		home := account.NormalHome(a.Home)
		assert.Empty(r.t, whose[home], "%s has the mail directory %s too", a.Address, home)
		whose[home] = a.Address
	}
	for _, g := range r.mail.DeletedMailboxes() {
		home := account.NormalHome(g.Home)
		assert.Empty(r.t, whose[home], "the mail of %s, who was deleted, is in %s", g.Address, home)
		whose[home] = "the deleted " + g.Address
	}
	for _, l := range r.tables.links {
		if l.Home != "" {
			assert.Equal(r.t, l.Home, r.account(l.Address).Home, l.Address)
		}
	}
}

func TestR5_ARenamedAccountsAddressComesWithAMailDirectoryOfItsOwn(t *testing.T) {
	underEveryRule(t, func(t *testing.T, r *harness) {
		r.people.objects = []account.Object{user("a", "ann@example.com", "Ann")}
		r.once()
		r.people.objects = []account.Object{user("b", "ann@example.com", "Second"), user("a", "ann.lee@example.com", "Ann")}
		assert.Equal(t, run.Succeeded, r.once().Outcome)
		r.people.objects = []account.Object{
			user("c", "ann@example.com", "Third"), user("b", "ann.bee@example.com", "Second"), user("a", "ann.lee@example.com", "Ann"),
		}
		assert.Equal(t, run.Succeeded, r.once().Outcome)
		assert.Len(t, accounts(r), 3)
		r.nobodyShares()
	})
}

func TestR5_ALeaversAddressComesWithAMailDirectoryOfItsOwn(t *testing.T) {
	underEveryRule(t, func(t *testing.T, r *harness) {
		r.people.objects = append(users(6), user("a", "ann@example.com", "Ann"))
		r.once()
		r.people.objects = append(users(6), user("b", "ann@example.com", "Second"))
		r.once()
		r.people.objects = users(6)
		r.once()
		r.people.objects = append(users(6), user("c", "ann@example.com", "Third"))
		r.once()
		assert.Len(t, r.mail.DeletedMailboxes(), 2)
		assert.Equal(t, account.SourceID("c"), r.tables.links["c"].Source)
		r.nobodyShares()
	})
}

func TestR5_AMailDirectoryOfAnybodyIsTaken(t *testing.T) {
	for name, home := range map[string]string{
		"as it is":                 "/var/vmail/vmail1/ann/",
		"without a slash":          "/var/vmail/vmail1/ann",
		"in upper case, elsewhere": "/var/vmail/vmail1/Ann/",
	} {
		t.Run(name, func(t *testing.T) {
			r := newHarness(t)
			r.config.Storage = backends.Storage{BaseDirectory: "/var/vmail/vmail1"}
			r.mail.AddAccount(account.Account{Address: "ann@other.example", Kind: account.Mailbox, Active: true, Home: home})
			r.people.objects = []account.Object{user("a", "ann@example.com", "Ann")}
			r.once()
			assert.NotEqual(t, account.NormalHome(home), account.NormalHome(r.account("ann@example.com").Home))
			assert.Empty(t, r.once().Counts)
		})
	}
}

// The mailbox was made under a claim that nobody settled; the address is given away before the next run.
func TestR5_ACreationThatIsDoneAgainKeepsItsMailDirectory(t *testing.T) {
	underEveryRule(t, func(t *testing.T, r *harness) {
		r.people.objects = []account.Object{user("a", "ann@example.com", "Ann")}
		faulty := &cutting{tables: r.tables, backend: r.mail, method: "Settle", when: "before", nth: 1, err: errors.New("cut off")}
		r.config.Backend, r.config.Links, r.config.Journal = faulty, faulty, faulty
		require.Equal(t, run.Failed, r.once().Outcome)
		home := r.account("ann@example.com").Home
		require.Equal(t, account.Creating, r.tables.links["a"].State)
		require.Equal(t, home, r.tables.links["a"].Home, "the claim knows the mailbox")
		r.config.Backend, r.config.Links, r.config.Journal = r.mail, r.tables, r.tables
		assert.Equal(t, []string{"created ann@example.com"}, r.log(r.once()))
		assert.Equal(t, home, r.account("ann@example.com").Home)
		assert.Equal(t, account.Confirmed, r.tables.links["a"].State)
		assert.Empty(t, r.once().Counts)
		r.nobodyShares()
	})
}

func TestR5_ADomainHasABaseDirectoryOfItsOwn(t *testing.T) {
	for base, want := range map[string]string{
		"/srv/Mail/two/": "/srv/mail/two/example.com/a/n/n/ann-",
		"":               "/var/vmail/vmail1/example.com/a/n/n/ann-",
		"srv/mail":       "/var/vmail/vmail1/example.com/a/n/n/ann-",
		"/srv":           "/var/vmail/vmail1/example.com/a/n/n/ann-",
	} {
		r := newHarness(t)
		r.config.Storage = backends.DefaultStorage()
		r.mail.AddDomain(account.Domain{Name: "example.com", Active: true, StorageBase: base})
		r.people.objects = []account.Object{user("a", "ann@example.com", "Ann")}
		r.once()
		assert.Contains(t, r.account("ann@example.com").Home, want, base)
	}
}
