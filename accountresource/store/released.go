package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
)

// releaseLinks leaves the links of a resource that is deleted for another one of the domain to take back (rule R16). Claims go: what
// they announce is not known to have happened.
func (s *Store) releaseLinks(ctx context.Context, tx *dialect.Tx, resource int64) error {
	if _, err := exec(ctx, tx, s.sql.Delete(linkTable).Where(squirrel.Eq{"resource_id": resource}).
		Where(squirrel.NotEq{"state": string(account.Confirmed)})); err != nil {
		return fmt.Errorf("drop the claims of resource %d: %w", resource, err)
	}
	if _, err := exec(ctx, tx, s.sql.Update(linkTable).Set("released", flag(true)).Set("changed", millis(s.clock())).
		Where(squirrel.Eq{"resource_id": resource})); err != nil {
		return fmt.Errorf("release the links of resource %d: %w", resource, err)
	}
	return nil
}

// dropReleased deletes what is released at addresses that are linked anew.
func (s *Store) dropReleased(ctx context.Context, tx *dialect.Tx, addresses []string) error {
	for chunk := range slices.Chunk(addresses, s.dialect.Together) {
		if _, err := exec(ctx, tx, s.sql.Delete(linkTable).Where(squirrel.Eq{"released": flag(true)}).
			Where(s.in("address", chunk))); err != nil {
			return fmt.Errorf("drop released links: %w", err)
		}
	}
	return nil
}
