package directory

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-ldap/ldap/v3"
)

// HasNeighbours reports, for each DN, whether the object above it shows any object directly below itself.
func (r *Reader) HasNeighbours(ctx context.Context, dns []string) (map[string]bool, error) {
	shown, found := make(map[string]bool), make(map[string]bool, len(dns))
	for _, dn := range dns {
		parsed, err := ldap.ParseDN(dn)
		if err != nil || len(parsed.RDNs) < 2 {
			continue // it names no place, so that nobody can be seen there
		}
		parent := (&ldap.DN{RDNs: parsed.RDNs[1:]}).String()
		is, asked := shown[parent]
		if !asked {
			if is, err = r.hasChildren(ctx, parent); err != nil {
				return nil, err
			}
			shown[parent] = is
		}
		found[dn] = is
	}
	return found, nil
}

// hasChildren reports whether the server shows an object directly below another. It asks for a page, since Samba gives more than a
// size limit.
func (r *Reader) hasChildren(ctx context.Context, dn string) (bool, error) {
	p := newPager(r, 2)
	p.base, p.scope, p.filter, p.attributes = dn, ldap.ScopeSingleLevel, "(objectClass=*)", []string{"objectClass"}
	err := p.read(ctx, func(_ context.Context, entries []*ldap.Entry) error {
		if len(entries) > 0 {
			return errEnough
		}
		return nil
	})
	switch {
	case errors.Is(err, errEnough):
		return true, nil
	case err == nil, ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject), ldap.IsErrorWithCode(err, ldap.LDAPResultInsufficientAccessRights):
		return false, nil
	}
	return false, fmt.Errorf("ask what is below %s: %w", r.masker.text(dn), stopped(ctx, requestProblem(r.settings.Connection, err)))
}
