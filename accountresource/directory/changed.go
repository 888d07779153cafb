package directory

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// showDeleted has a server show tombstones to those who may see them (LDAP_SERVER_SHOW_DELETED_OID, MS-ADTS
// 3.1.1.3.4.1.14).
func showDeleted() ldap.Control { return ldap.NewControlMicrosoftShowDeleted() }

// Changed returns the objects of the domain that changed. It asks at the root of the domain, since what left the scope is
// outside of it, and for nothing but what tells the objects apart.
func (r *Reader) Changed(ctx context.Context, since int64) ([]run.ChangedObject, error) {
	if _, err := r.connect(ctx); err != nil {
		return nil, err
	}
	var touched []run.ChangedObject
	p := newPager(r, r.options.PageSize)
	p.base, p.filter = r.root(), above(since)
	p.attributes = []string{"objectGUID", "objectClass", "isDeleted", "uSNCreated"}
	if r.tombstones {
		p.controls = []ldap.Control{showDeleted()}
	}
	err := p.read(ctx, func(_ context.Context, entries []*ldap.Entry) error {
		for _, e := range entries {
			t, err := changedObjectOf(e, since)
			if err != nil { // a change that cannot be told from others is a change that would be missed
				return fmt.Errorf("entry %s: %w", r.masker.text(e.DN), err)
			}
			touched = append(touched, t)
		}
		return nil
	})
	switch {
	case errors.Is(err, errNoIdentity):
		c := r.settings.Connection
		return nil, resource.NewProblem("bind_dn", "no_identity", err, "Account", c.BindDN, "Host", c.Host)
	case err != nil:
		return nil, fmt.Errorf("page %d of what changed: %w", p.number, stopped(ctx, listProblem(r.settings.Connection, "", err)))
	}
	return touched, nil
}

// leaves are the classes of objects that have nothing below them as far as this module is concerned.
var leaves = map[account.ObjectKind]bool{account.User: true, account.Group: true, account.Contact: true}

func changedObjectOf(e *ldap.Entry, since int64) (run.ChangedObject, error) {
	id, err := formatGUID(raw(e, "objectGUID"))
	if err != nil {
		return run.ChangedObject{}, err
	}
	t := run.ChangedObject{ID: id, DN: e.DN, Kind: account.Other, Deleted: strings.EqualFold(first(e, "isDeleted"), "TRUE")}
	if classed(e, "person") || classed(e, "group") || classed(e, "contact") {
		t.Kind = kindOf(e)
	}
	t.Computer = classed(e, "computer")
	created, _ := strconv.ParseInt(first(e, "uSNCreated"), 10, 64) // 0: nobody knows, so it may have been there
	t.Container = !leaves[t.Kind] && !t.Deleted && created <= since && holds(e)
	return t, nil
}

// holders are the structural classes of objects that people's objects are below and that can be moved. The domain
// itself cannot, and group policies are containers by a class they are derived from.
var holders = map[string]bool{
	"organizationalunit": true, "container": true, "organization": true, "country": true, "locality": true,
}

// holds reports whether an object is one of those, by its structural class, which comes last (MS-ADTS 3.1.1.2.4.6).
func holds(e *ldap.Entry) bool {
	classes := values(e, "objectClass")
	return len(classes) > 0 && holders[strings.ToLower(classes[len(classes)-1])]
}

func classed(e *ldap.Entry, wanted string) bool {
	for _, class := range values(e, "objectClass") {
		if strings.EqualFold(class, wanted) {
			return true
		}
	}
	return false
}

// seesTombstones finds out whether this account is shown deleted objects: who may not is not even shown where they
// are.
func (r *Reader) seesTombstones(ctx context.Context) (bool, error) {
	if r.naming == "" {
		return false, nil
	}
	result, err := r.search(ctx, 1, &ldap.SearchRequest{
		BaseDN: "CN=Deleted Objects," + r.naming, Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)",
		Attributes: []string{"objectClass"}, Controls: []ldap.Control{showDeleted()},
	})
	if hidden(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("ask for deleted objects: %w", stopped(ctx, requestProblem(r.settings.Connection, err)))
	}
	return len(result.Entries) == 1 && first(result.Entries[0], "objectClass") != "", nil
}
