package fakead

import (
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// Denied is what nobody may read, whoever is bound. An object or an attribute that may not be read looks as if it did not exist,
// and no filter on the attribute is true, neither its presence nor the negation of it (MS-ADTS 3.1.1.3.1.3.1, 5.1.3.3.4). On Samba
// the negation is.
type Denied struct {
	// Attributes are unreadable of every object.
	Attributes []string
	// Of limits that to the objects at and below these DNs; none is everywhere.
	Of []string
	// Trees are DNs of objects that are not shown, with all that is below them; Below are those of objects that are shown, but
	// nothing below them is.
	Trees, Below []string
}

// Deny takes away rights to read, in place of those that were taken before.
func (s *Server) Deny(d Denied) {
	t := s.tree
	t.mu.Lock()
	defer t.mu.Unlock()
	t.denied = denied{attributes: make(map[string]bool), catalogue: t.denied.catalogue, held: t.denied.held}
	for _, name := range d.Attributes {
		t.denied.attributes[strings.ToLower(name)] = true
	}
	t.denied.of, t.denied.trees, t.denied.below = keysOf(d.Of), keysOf(d.Trees), keysOf(d.Below)
}

func keysOf(dns []string) (keys []string) {
	for _, dn := range dns {
		if key, err := keyOf(dn); err == nil {
			keys = append(keys, key)
		}
	}
	return keys
}

type denied struct {
	attributes       map[string]bool // in lower case
	of, trees, below []string        // keys
	catalogue        bool            // only the partial set is held, and
	held             []string
}

// hides reports whether an object is not shown.
func (d *denied) hides(key string) bool {
	return slices.ContainsFunc(d.trees, func(base string) bool { return within(key, base) }) ||
		slices.ContainsFunc(d.below, func(base string) bool { return key != base && within(key, base) })
}

// hidesAttribute reports whether an attribute of an object may not be read.
func (d *denied) hidesAttribute(e *entry, name string) bool {
	if d.catalogue && !catalogued[strings.ToLower(name)] && !slices.Contains(d.held, name) {
		return true
	}
	if !d.attributes[strings.ToLower(name)] {
		return false
	}
	return len(d.of) == 0 || slices.ContainsFunc(d.of, func(base string) bool { return within(e.key, base) })
}

// shown returns the state of an object without what may not be read.
func (d *denied) shown(e *entry) object {
	o := e.state()
	if len(d.attributes) > 0 || d.catalogue {
		o.attributes = slices.DeleteFunc(o.attributes, func(a attribute) bool { return d.hidesAttribute(e, a.name) })
	}
	return o
}

// truth is what a filter comes to (RFC 4511, section 4.5.1.7).
type truth int8

const (
	no truth = iota
	undefined
	yes
)

func truthOf(is bool) truth {
	if is {
		return yes
	}
	return no
}

// missingFrom is the answer to a search from an object that is not there, or not shown.
func (t *tree) missingFrom(q *query) *ldap.Error {
	if t.byKey[q.key] == nil || t.denied.hides(q.key) {
		return t.missing(q.base)
	}
	return nil
}

// catalogued are the attributes of which a global catalogue holds copies, as far as the directory has any of them; invocationId, title,
// mobile, employeeID, accountExpires and managedBy are not (isMemberOfPartialAttributeSet in the schema of Windows Server).
var catalogued = map[string]bool{
	"objectclass": true, "objectguid": true, "objectsid": true, "cn": true, "ou": true, "dc": true, "name": true, "distinguishedname": true,
	"displayname": true, "givenname": true, "sn": true, "mail": true, "proxyaddresses": true, "telephonenumber": true, "samaccountname": true,
	"userprincipalname": true, "useraccountcontrol": true, "grouptype": true, "member": true, "memberof": true, "primarygroupid": true,
	"usnchanged": true, "usncreated": true, "isdeleted": true, "whencreated": true, "whenchanged": true, "description": true,
}
