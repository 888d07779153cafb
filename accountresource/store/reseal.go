package store

import (
	"context"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// lockedReasons are for the log; pages have their own sentences.
var lockedReasons = map[resource.Lock]string{
	resource.LockedByKey: "the panel's secret key is not the one that the password was encrypted with: start the panel with" +
		" that key, as the current or an older one, or type the password again",
	resource.LockedByRow: "host, port, TLS, bind account or CA certificate were changed in the database, for which the" +
		" password was not typed: check these settings and type the password again",
}

// reseal brings stored bind passwords to the present form and key. One that cannot be opened is left as it is, so that
// the right key finds it again, and the log says so. Nothing of it keeps the panel from starting.
func (s *Resources) reseal(ctx context.Context) {
	all, err := s.stored(ctx, nil)
	if err != nil {
		s.log.ErrorContext(ctx, "look for bind passwords of another key", "error", err)
		return
	}
	for _, one := range all {
		password := one.Settings.Connection.BindPassword
		if first, ok := s.seal.openFirst(one.sealed, one.ID); ok {
			password = first
		}
		if why := password.Locked(); why != "" {
			s.log.ErrorContext(ctx, "the stored bind password cannot be opened", "resource", one.ID, "reason", lockedReasons[why])
			continue
		}
		if s.seal.current(one.sealed) {
			continue
		}
		// Another process may do the same, or an admin save another password, at this moment.
		n, err := exec(ctx, s.db, s.sql.Update(resourceTable).
			Set("bind_password", s.seal.close(password, one.ID, one.Settings.Connection.Endpoint())).
			Where(squirrel.Eq{"id": one.ID, "revision": one.Revision}).
			Where("bind_password = ?", one.sealed))
		switch {
		case err != nil: // the next start tries again
			s.log.ErrorContext(ctx, "encrypt a bind password with the present key", "resource", one.ID, "error", err)
		case n > 0:
			s.log.InfoContext(ctx, "the bind password is encrypted with the present key now", "resource", one.ID)
		}
	}
}
