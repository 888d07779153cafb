package run_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

func TestR19_WhereverARunIsCutOffTheNextEndsLikeAnUnbrokenOne(t *testing.T) {
	off, on := user("off", "off@example.com", "Off"), user("on", "on@example.com", "On")
	prepare := func(r *harness) {
		on.Disabled, off.Disabled = true, false
		r.people.objects = append(users(6), off, on)
		r.mail.AddAccount(account.Account{Address: "u0002@example.com", Kind: account.Mailbox, Active: true, Home: "/old/"})
		r.once()
		r.now = r.now.Add(time.Hour) // no two mailboxes of an address are made in the same second
		on.Disabled, off.Disabled = false, true
		r.people.objects = append(users(12), off, on)
		r.people.objects[3].Profile[account.Name] = "Renamed"
		// Two swap their addresses, one leaves his to a newcomer (rule R8).
		r.people.objects[4].Mail, r.people.objects[5].Mail = r.people.objects[5].Mail, r.people.objects[4].Mail
		r.people.objects[1].Mail = []string{"new1@example.com"}
		r.people.objects = append(r.people.objects, user("new", "u0001@example.com", "New"))
	}
	want := newHarness(t)
	prepare(want)
	want.once()

	cut := errors.New("cut off")
	for _, method := range []string{"Claim", "Settle", "Apply"} {
		for _, when := range []string{"before", "after"} {
			for nth := 1; nth <= 3; nth++ {
				t.Run(fmt.Sprintf("%s %s %d", method, when, nth), func(t *testing.T) {
					r := newHarness(t)
					prepare(r)
					faulty := &cutting{tables: r.tables, backend: r.mail, method: method, when: when, nth: nth, err: cut}
					r.config.Backend, r.config.Links, r.config.Journal = faulty, faulty, faulty
					broken := r.once()
					if faulty.seen >= nth {
						assert.Equal(t, run.Failed, broken.Outcome)
					}
					r.config.Backend, r.config.Links, r.config.Journal = r.mail, r.tables, r.tables
					r.once()
					assert.Empty(t, cmp.Diff(accounts(want), accounts(r), cmpopts.IgnoreFields(account.Account{}, "Made")))
					assert.Empty(t, cmp.Diff(want.tables.links, r.tables.links, cmpopts.IgnoreFields(account.Local{}, "Made")), "but for what is only learned by reading")
					assert.Empty(t, cmp.Diff(touched(want), touched(r)), "log rows: nothing twice, nothing lost")
				})
			}
		}
	}
}

// cutting fails once: the nth call of a method, before or after its effect.
type cutting struct {
	*tables
	backend
	method, when string
	nth, seen    int
	err          error
}

func (c *cutting) cut(method string) (before, after error) {
	if method != c.method {
		return nil, nil
	}
	if c.seen++; c.seen != c.nth {
		return nil, nil
	}
	if c.when == "before" {
		return c.err, nil
	}
	return nil, c.err
}

func (c *cutting) Claim(ctx context.Context, l run.Lease, links []account.Link) ([]error, error) {
	before, after := c.cut("Claim")
	if before != nil {
		return nil, before
	}
	results, err := c.tables.Claim(ctx, l, links)
	return results, errors.Join(err, after)
}

func (c *cutting) Settle(ctx context.Context, l run.Lease, id int64, s run.Settled) error {
	before, after := c.cut("Settle")
	if before != nil {
		return before
	}
	return errors.Join(c.tables.Settle(ctx, l, id, s), after)
}

func (c *cutting) Apply(ctx context.Context, d account.Domain, changes []account.Operation) ([]error, error) {
	before, after := c.cut("Apply")
	if before != nil {
		return nil, before
	}
	results, err := c.backend.Apply(ctx, d, changes)
	return results, errors.Join(err, after)
}
