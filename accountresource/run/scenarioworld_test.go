package run_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/scenario"
	"github.com/mailpanel/account-resource/backends"
)

// memoryWorld is a world on the memory backend.
type memoryWorld struct {
	*harness
	directory *scenario.Directory
	domain    account.Domain
}

func newMemoryWorld(t *testing.T, d *scenario.Directory, batchSize int) *memoryWorld {
	w := &memoryWorld{harness: newHarness(t), directory: d, domain: account.Domain{Name: scenario.Domain, Active: true, Quota: 1024}}
	w.config.OpenReader, w.config.BatchSize = d.Open, batchSize
	w.res.Settings.Replication.Groups = true
	return w
}

func (w *memoryWorld) Directory() *scenario.Directory { return w.directory }

func (w *memoryWorld) Mail() backends.Backend { return w.mail }

func (w *memoryWorld) Promote(address string) error {
	boss := w.account(address)
	boss.Role = account.DomainAdmin
	w.mail.AddAccount(boss)
	return nil
}

func (w *memoryWorld) Reserve(address string) error {
	w.mail.AddAccount(account.Account{Address: address, Kind: account.Reserved, Active: true})
	return nil
}

func (w *memoryWorld) Limit(kind account.Kind, most int) error {
	if kind == account.Alias {
		w.domain.AliasLimit = most
	} else {
		w.domain.MailboxLimit = most
	}
	w.mail.AddDomain(w.domain)
	return nil
}

func (w *memoryWorld) Refuse(address string, refuses bool) {
	var err error
	if refuses {
		err = errors.New("the mail store refuses it")
	}
	w.mail.Refuse(address, err)
}

func (w *memoryWorld) Configure(change func(*resource.Settings)) error {
	change(&w.res.Settings)
	w.res.Revision++
	return nil
}

func (w *memoryWorld) Pass(d time.Duration) { w.now = w.now.Add(d) }

func (w *memoryWorld) Replicate(ctx context.Context, wanted run.Mode) (run.Run, []run.Entry, error) {
	got, err := run.New(w.config).Once(ctx, w.res, run.Manual, wanted)
	return got, w.tables.entries[got.ID], err
}

func (w *memoryWorld) Links(context.Context) (links []account.Link, err error) {
	for _, l := range w.tables.links {
		links = append(links, l)
	}
	return links, nil
}

func (w *memoryWorld) Held(context.Context) (ids []account.SourceID, err error) {
	for _, h := range w.tables.held {
		if h.Waits() {
			ids = append(ids, h.Source)
		}
	}
	return ids, nil
}

func (w *memoryWorld) Decide(_ context.Context, id account.SourceID, d run.Decision) error {
	for i := range w.tables.held {
		if w.tables.held[i].Source == id {
			w.tables.held[i].Decision = d
			return nil
		}
	}
	return errors.New("nothing of it is held")
}

// failing has the next run's ports fail.
func (w *memoryWorld) failing(at *cutting) {
	at.tables, at.backend, at.err = w.tables, w.mail, errors.New("cut off")
	w.config.Backend, w.config.Links, w.config.Journal = at, at, at
}

func (w *memoryWorld) mended() {
	w.config.Backend, w.config.Links, w.config.Journal = w.mail, w.tables, w.tables
}

// met reports whether the call that fails was made.
func (c *cutting) met() bool { return c.nth > 0 && c.seen >= c.nth }

// sound returns what is wrong in the mail store that accounts do not show: a mailbox gets mail if it is on, and only then.
func (w *memoryWorld) sound(ctx context.Context) error {
	for a, err := range w.mail.Accounts(ctx, scenario.Domain, backends.Query{}) {
		if err != nil {
			return err
		}
		active, exists := w.mail.Route(account.Route{Address: a.Address, Forwarding: a.Address})
		if a.Kind == account.Mailbox && (!exists || active != a.Active) {
			return fmt.Errorf("the row of %s to itself: exists %t, active %t", a.Address, exists, active)
		}
	}
	return nil
}
