package run

import (
	"context"
	"fmt"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
)

// fewestDoubted is the number of linked accounts from which on a field that nobody shows is doubted (rule R22): with fewer, it may
// well be that nobody has it any more.
const fewestDoubted = 20

// checkReadable asks, for each field that the run would clear, whether the directory shows it of anybody at all. Where it does
// not, the bind account may have lost the right to read it, and no account loses its value.
func (p *Replication) checkReadable(ctx context.Context, reader Reader, planner *plan.Planner) error {
	cleared := planner.Clearings()
	if cleared == 0 {
		return nil
	}
	linked, err := p.cfg.Links.Some(ctx, p.res.ID, account.Mailbox, fewestDoubted)
	if err != nil {
		return fmt.Errorf("look for linked users: %w", err)
	}
	if len(linked) < fewestDoubted {
		return nil
	}
	var unreadable account.Fields
	for _, f := range account.AllFields() {
		if !cleared.Has(f) {
			continue
		}
		query := Query{Kind: account.User, Limit: 1, IDsOnly: true, Showing: account.FieldSet(f)}
		listing, err := reader.List(ctx, query, func(account.Object) error { return nil })
		if err != nil {
			return fmt.Errorf("ask whether anybody shows %s: %w", f, err)
		}
		if listing.Count == 0 {
			p.log.WarnContext(ctx, "the directory shows an attribute of nobody: it is cleared nowhere", "field", f, "attribute",
				p.res.Settings.Users.Attribute(f))
			unreadable = unreadable.With(f)
		}
	}
	planner.Unreadable(unreadable)
	return nil
}
