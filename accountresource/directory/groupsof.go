package directory

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// GroupsOf returns the groups of the domain that one of the objects is in, or manages.
func (r *Reader) GroupsOf(ctx context.Context, objects []account.Object) ([]account.Object, error) {
	if _, err := r.connect(ctx); err != nil {
		return nil, err
	}
	conditions, err := r.groupConditions(ctx, objects)
	if err != nil {
		return nil, err
	}
	var groups []account.Object
	for some := range slices.Chunk(conditions, lookUpAtOnce) {
		p := newPager(r, r.options.PageSize)
		p.base, p.filter = r.root(), "(&(objectClass=group)(|"+strings.Join(some, "")+"))"
		p.attributes = []string{"objectGUID"}
		err := p.read(ctx, func(_ context.Context, entries []*ldap.Entry) error {
			for _, e := range entries {
				id, err := formatGUID(raw(e, "objectGUID"))
				if err != nil {
					return fmt.Errorf("entry %s: %w", r.masker.text(e.DN), err)
				}
				groups = append(groups, account.Object{ID: id, DN: e.DN})
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("look for the groups of %d objects: %w", len(objects),
				stopped(ctx, listProblem(r.settings.Connection, "", err)))
		}
	}
	return groups, nil
}

// groupConditions are those that a group meets which one of the objects is in: it lists the object, which its DN names; the
// object manages it; it is the object's primary group, whose SID is that of the domain with one part more (MS-DTYP 2.4.2).
func (r *Reader) groupConditions(ctx context.Context, objects []account.Object) (conditions []string, err error) {
	primary := make(map[uint32]bool)
	for i := range objects {
		o := &objects[i]
		if o.DN != "" {
			dn := ldap.EscapeFilter(o.DN)
			conditions = append(conditions, "(member="+dn+")")
			if r.settings.Groups.Moderator {
				conditions = append(conditions, "(managedBy="+dn+")")
			}
		}
		if o.Primary != 0 && o.Kind != account.Group {
			primary[o.Primary] = true
		}
	}
	if len(primary) == 0 {
		return conditions, nil
	}
	sid, err := r.domainSID(ctx)
	if err != nil {
		return nil, err
	}
	for rid := range primary {
		conditions = append(conditions, "(objectSid="+escaped(append(slices.Clone(sid), binary.LittleEndian.AppendUint32(nil, rid)...))+")")
	}
	return conditions, nil
}

// domainSID returns the SID of the domain with a count that has room for one part more.
func (r *Reader) domainSID(ctx context.Context) ([]byte, error) {
	result, err := r.search(ctx, 1, &ldap.SearchRequest{
		BaseDN: r.root(), Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: []string{"objectSid"},
	})
	if err != nil {
		return nil, fmt.Errorf("read the SID of the domain: %w", stopped(ctx, requestProblem(r.settings.Connection, err)))
	}
	if len(result.Entries) != 1 || len(raw(result.Entries[0], "objectSid")) < 8 {
		return nil, fmt.Errorf("the domain shows no SID: %w", run.ErrGroupsUnknown)
	}
	sid := slices.Clone(raw(result.Entries[0], "objectSid"))
	sid[1]++ // SubAuthorityCount
	return sid, nil
}
