package run

import (
	"context"
	"fmt"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

// groupPolicy is nil where groups are not replicated.
func groupPolicy(s *resource.Settings) *plan.GroupPolicy {
	if !s.Replication.Groups {
		return nil
	}
	return &plan.GroupPolicy{Named: s.Groups.Name != "", AccessPolicy: string(s.Groups.AccessPolicy), Moderated: s.Groups.Moderator}
}

// lookUpRounds bounds how deep groups are nested outside of the scope.
const lookUpRounds = 30

// readGroups reads the groups in scope, and whoever is a member and has not been seen.
func (p *Replication) readGroups(ctx context.Context, reader Reader, b *plan.Builder) error {
	p.gauge.enter(Groups)
	listing, err := reader.List(ctx, account.Group, 0, p.counting(func(o account.Object) error {
		b.AddGroup(o)
		return nil
	}))
	if err != nil {
		return fmt.Errorf("read the groups: %w", err)
	}
	p.log.InfoContext(ctx, "groups read", "objects", listing.Count, "complete", listing.Complete)
	if listing.Complete {
		b.Listed(account.Alias, listing.Count)
	}
	for range lookUpRounds {
		unknown := b.Unknown()
		if len(unknown) == 0 {
			break
		}
		found, err := reader.LookUp(ctx, unknown)
		if err != nil {
			return fmt.Errorf("look up %d members of groups: %w", len(unknown), err)
		}
		for _, o := range found {
			b.AddOutside(o)
		}
	}
	return nil
}
