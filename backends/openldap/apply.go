package openldap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
	"golang.org/x/sync/errgroup"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/recovered"
	"github.com/mailpanel/account-resource/backends"
)

// step is an operation and where its result goes.
type step struct {
	*account.Operation
	result *error
}

// Apply makes the operations: deletions, renamings, updates, creations. Within each, several connections write at once.
func (b *Backend) Apply(ctx context.Context, d account.Domain, operations []account.Operation) ([]error, error) {
	results := make([]error, len(operations))
	turns := make(map[account.Verb][]step)
	for i := range operations {
		op := &operations[i]
		turn := account.Update
		switch op.Verb {
		case account.Delete, account.Rename, account.Create:
			turn = op.Verb
		}
		switch {
		case account.DomainOf(op.Address) != d.Name:
			results[i] = fmt.Errorf("%s is not in domain %s", op.Address, d.Name)
		case op.Kind != account.Mailbox && op.Kind != account.Alias:
			results[i] = fmt.Errorf("%s of %s %s: %w", op.Verb, op.Kind, op.Address, backends.ErrUnsupported)
		case op.Writes():
			turns[turn] = append(turns[turn], step{op, &results[i]})
		}
	}
	if err := b.make(ctx, d, turns); err != nil {
		return nil, fmt.Errorf("apply %d operations: %w", len(operations), err)
	}
	return results, nil
}

// make works on the steps in their order, and counts.
func (b *Backend) make(ctx context.Context, d account.Domain, turns map[account.Verb][]step) error {
	if len(turns) == 0 {
		return nil
	}
	count, err := b.announce(ctx, &d, turns)
	if err != nil {
		return err
	}
	var others aliasDomains
	if len(turns[account.Delete])+len(turns[account.Rename])+len(turns[account.Create]) > 0 {
		if others, err = b.aliasDomains(ctx, d.Name); err != nil {
			return fmt.Errorf("read the alias domains of %s: %w", d.Name, err)
		}
	}
	more, err := b.remove(ctx, turns[account.Delete], others)
	if err == nil {
		err = b.rename(ctx, turns[account.Rename], others)
	}
	if err == nil {
		err = b.updateAll(ctx, turns[account.Update])
	}
	if err != nil {
		return err
	}
	made, err := b.create(ctx, d, turns[account.Create], others)
	if err != nil {
		return err
	}
	return count.end(ctx, more.plus(made))
}

// inParallel works on the steps over several connections. What the server refuses is the step's own result; anything
// else, such as a lost connection, ends all: no step is begun any more, but what has been asked for is waited for. The
// server might carry it out while the next run looks around.
func (b *Backend) inParallel(ctx context.Context, steps []step, work func(*ldap.Conn, step) error) error {
	group, going := errgroup.WithContext(ctx)
	share := (len(steps) + b.writers - 1) / b.writers
	for part := range slices.Chunk(steps, max(share, 1)) {
		group.Go(recovered.Func(func() error {
			return b.pool.use(ctx, func(conn *ldap.Conn) error {
				for _, s := range part {
					if going.Err() != nil {
						return context.Cause(going)
					}
					if err := s.settle(work(conn, s)); err != nil {
						return err
					}
				}
				return nil
			})
		}))
	}
	return group.Wait()
}

// settle keeps a refusal as the step's result and passes anything else on.
func (s step) settle(err error) error {
	switch {
	case err == nil:
		return nil
	case refusal(err):
		*s.result = fmt.Errorf("%s %s: %w", s.Verb, s.Address, err)
		return nil
	}
	return failure(err)
}

// failure is an error that concerns everybody: it says so where the server takes no changes at present.
func failure(err error) error {
	if unwritable(err) {
		return fmt.Errorf("%w: %w", backends.ErrUnwritable, err)
	}
	return err
}

// unwritable reports whether the server takes no changes at present, of whatever entry: it is busy, going down, read-only ("operation
// restricted"), or a consumer that only its provider writes to ("shadow context", or a referral to the provider; slapd-config(5)).
func unwritable(err error) bool {
	if code(err, ldap.LDAPResultBusy, ldap.LDAPResultUnavailable, ldap.LDAPResultReferral) {
		return true
	}
	return code(err, ldap.LDAPResultUnwillingToPerform) &&
		(strings.Contains(err.Error(), "operation restricted") || strings.Contains(err.Error(), "shadow context"))
}

// refusal reports whether an error concerns one operation only: the server answered. Codes from 200 on are the library's
// own (no answer, no connection); one that takes no changes concerns everybody.
func refusal(err error) bool {
	var answer *ldap.Error
	switch {
	case errors.Is(err, backends.ErrExists):
		return true
	case !errors.As(err, &answer) || answer.ResultCode >= ldap.ErrorNetwork:
		return false
	}
	return !unwritable(err)
}

func pending(steps []step) []step {
	var left []step
	for _, s := range steps {
		if *s.result == nil {
			left = append(left, s)
		}
	}
	return left
}

// occupant is an entry that holds an address.
type occupant struct {
	dn, mail, home, uid string
	kind                account.Kind
	quota               int64
	shadows             []string
}

func occupantOf(e *ldap.Entry) occupant {
	return occupant{
		dn: e.DN, mail: strings.ToLower(e.GetAttributeValue("mail")), kind: kindOf(e),
		home: strings.ToLower(e.GetAttributeValue("homeDirectory")), uid: e.GetAttributeValue("uid"),
		shadows: lowered(e.GetAttributeValues("shadowAddress")), quota: quotaOf(e),
	}
}

// isMeant reports whether an operation concerns this mailbox, by its mail directory; any where the operation names none.
func (o *occupant) isMeant(s step) bool {
	return s.Kind != account.Mailbox || s.Home == "" || account.NormalHome(o.home) == account.NormalHome(s.Home)
}

// occupants returns the entries that hold the addresses, by address, anywhere in the tree. Members of mailing lists who are
// elsewhere (mailExternalUser) hold none.
func (b *Backend) occupants(ctx context.Context, addresses []string) (map[string]occupant, error) {
	found, err := b.find(ctx, b.base, addresses, []string{"mail", "shadowAddress"},
		[]string{"objectClass", "mail", "shadowAddress", "homeDirectory", "uid", "mailQuota"})
	if err != nil {
		return nil, fmt.Errorf("look for the addresses: %w", err)
	}
	held := make(map[string]occupant)
	for _, e := range found {
		if !isHolder(e) {
			continue
		}
		o := occupantOf(e)
		for _, shadow := range o.shadows {
			if _, taken := held[shadow]; !taken {
				held[shadow] = o
			}
		}
		held[o.mail] = o
	}
	return held, nil
}
