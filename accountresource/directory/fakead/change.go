package fakead

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/go-ldap/ldap/v3"
)

// Attributes are values by attribute name.
type Attributes map[string][]string

// Add makes an object. objectClass decides what it is and is completed; objectGUID, uSNChanged and the name are the
// directory's own. A "password" is no attribute but what the object signs in with.
func (s *Server) Add(dn string, a Attributes) error { return asError(s.tree.locked(s.tree.add, dn, a)) }

// Modify replaces the values of attributes; an empty list clears one.
func (s *Server) Modify(dn string, a Attributes) error {
	return asError(s.tree.locked(s.tree.modify, dn, a))
}

// Move gives an object another DN. Groups that have it for a member show the new one, and do not count as changed.
func (s *Server) Move(dn, to string) error {
	s.tree.mu.Lock()
	defer s.tree.mu.Unlock()
	return asError(s.tree.move(dn, to))
}

// Delete turns an object into a tombstone; groups lose it for a member and do not count as changed.
func (s *Server) Delete(dn string) error {
	s.tree.mu.Lock()
	defer s.tree.mu.Unlock()
	return asError(s.tree.remove(dn))
}

// asError keeps a nil pointer from becoming an error that is not nil.
func asError(err *ldap.Error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("change the fake directory: %w", err)
}

func (t *tree) locked(change func(string, Attributes) *ldap.Error, dn string, a Attributes) *ldap.Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return change(dn, a)
}

// classes are what an object of a structural class is besides.
var classes = map[string][]string{
	"user":               {"top", "person", "organizationalPerson", "user"},
	"computer":           {"top", "person", "organizationalPerson", "user", "computer"},
	"contact":            {"top", "person", "organizationalPerson", "contact"},
	"group":              {"top", "group"},
	"organizationalunit": {"top", "organizationalUnit"},
	"container":          {"top", "container"},
	"domaindns":          {"top", "domain", "domainDNS"},
}

func (t *tree) add(dn string, a Attributes) *ldap.Error {
	key, err := keyOf(dn)
	if err != nil {
		return err
	}
	if t.byKey[key] != nil {
		return failure(ldap.LDAPResultEntryAlreadyExists, "00002071: UpdErr: DSID-031B0E42, problem 6005 (ENTRY_EXISTS), data 0")
	}
	if !slices.Contains(t.contexts, key) && t.byKey[parentOf(key)] == nil {
		return t.missing(dn)
	}
	e := &entry{dn: dn, key: key, id: guid()}
	if err := t.put(e, a); err != nil {
		return err
	}
	t.name(e)
	own := e.values("objectClass")
	if len(own) > 0 {
		if all := classes[strings.ToLower(own[len(own)-1])]; all != nil {
			e.set("objectClass", all...)
		}
	}
	if classed(e, "user") || classed(e, "group") {
		t.principal(e)
	}
	t.touch(e)
	e.created = e.usn
	e.at = len(t.entries)
	t.entries, t.byKey[key], t.byID[e.id] = append(t.entries, e), e, e
	if sid := e.first("objectSid"); sid != "" {
		t.bySID[sid] = e
	}
	t.relink(e, nil)
	return nil
}

// name gives an entry the attributes that its DN says.
func (t *tree) name(e *entry) {
	if parsed, err := ldap.ParseDN(e.dn); err == nil && len(parsed.RDNs) > 0 {
		rdn := parsed.RDNs[0].Attributes[0]
		e.set(strings.ToLower(rdn.Type), rdn.Value)
		e.set("name", rdn.Value)
	}
}

// principal gives a user or group what Windows gives it unasked.
func (t *tree) principal(e *entry) {
	t.rid++
	e.set("objectSid", sid(t.rid))
	if e.first("sAMAccountName") == "" {
		e.set("sAMAccountName", "$"+strconv.FormatInt(t.rid, 36))
	}
	if !classed(e, "user") {
		return
	}
	if e.first("userAccountControl") == "" {
		e.set("userAccountControl", "546")
	}
	e.set("primaryGroupID", "513")
}

// sid is S-1-5-21-1-2-3-rid in bytes (MS-DTYP 2.4.2.2).
func sid(rid int64) string { return sidOf(21, 1, 2, 3, rid) }

// sidOf is the SID with these parts below the authority of Windows (MS-DTYP 2.4.2.2).
func sidOf(parts ...int64) string {
	b := []byte{1, byte(len(parts)), 0, 0, 0, 0, 0, 5}
	for _, sub := range parts {
		b = append(b, byte(sub), byte(sub>>8), byte(sub>>16), byte(sub>>24))
	}
	return string(b)
}

func (t *tree) modify(dn string, a Attributes) *ldap.Error {
	e := t.find(dn)
	if e == nil {
		return t.missing(dn)
	}
	before := slices.Clone(e.values("member"))
	if err := t.put(e, a); err != nil {
		return err
	}
	t.touch(e)
	t.relink(e, before)
	return nil
}

// put stores values under the names that the schema has for them.
func (t *tree) put(e *entry, a Attributes) *ldap.Error {
	for name := range a {
		if _, known := schemaName(name); !known && name != "password" {
			return failure(ldap.LDAPResultNoSuchAttribute, "00000057: LdapErr: DSID-0C090FC7, comment: Error in attribute conversion operation, data 0, v4563")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a)) {
		known, _ := schemaName(name)
		switch {
		case name == "password":
			e.setPassword(strings.Join(a[name], ""))
		case known == "unicodePwd":
			e.setPassword(unicodePassword(strings.Join(a[name], "")))
		case known == "member":
			members, err := t.members(a[name])
			if err != nil {
				return err
			}
			e.set(known, members...)
		default:
			e.set(known, a[name]...)
		}
	}
	return nil
}

func (e *entry) setPassword(password string) {
	e.password = password
	e.set("pwdLastSet", strconv.FormatInt(ticks(time.Now()), 10))
}

// unicodePassword reads what unicodePwd takes: the password in quotes, in UTF-16 (MS-ADTS 3.1.1.3.1.5).
func unicodePassword(value string) string {
	var units []uint16
	for ; len(value) > 1; value = value[2:] {
		units = append(units, uint16(value[0])|uint16(value[1])<<8)
	}
	return strings.Trim(string(utf16.Decode(units)), `"`)
}

// members refuses what does not exist.
func (t *tree) members(dns []string) ([]string, *ldap.Error) {
	members := make([]string, 0, len(dns))
	for _, dn := range dns {
		e := t.find(dn)
		if e == nil {
			return nil, t.missing(dn)
		}
		members = append(members, e.dn)
	}
	return members, nil
}

// relink brings the back links of a group's members in step.
func (t *tree) relink(group *entry, before []string) {
	for _, dn := range before {
		if e := t.find(dn); e != nil {
			e.memberOf = slices.DeleteFunc(e.memberOf, func(g *entry) bool { return g == group })
		}
	}
	for _, dn := range group.values("member") {
		if e := t.find(dn); e != nil {
			e.memberOf = append(e.memberOf, group)
		}
	}
}

// rewrite puts another DN in place of a member's in its groups, or none, without counting as their change.
func (e *entry) rewrite(to string) {
	for _, group := range e.memberOf {
		var members []string
		for _, dn := range group.values("member") {
			if dn != e.dn {
				members = append(members, dn)
			} else if to != "" {
				members = append(members, to)
			}
		}
		group.set("member", members...)
	}
}

func (t *tree) move(dn, to string) *ldap.Error {
	e := t.find(dn)
	if e == nil {
		return t.missing(dn)
	}
	key, err := keyOf(to)
	if err != nil {
		return err
	}
	if other := t.byKey[key]; other != nil && other != e {
		return failure(ldap.LDAPResultEntryAlreadyExists, "00002071: UpdErr: DSID-031B0E42, problem 6005 (ENTRY_EXISTS), data 0")
	}
	if t.byKey[parentOf(key)] == nil {
		return t.missing(to)
	}
	for _, below := range t.entries { // what lies below moves along, unchanged otherwise
		if below != e && !below.deleted && within(below.key, e.key) {
			below.rewrite(strings.TrimSuffix(below.dn, e.dn) + to)
			delete(t.byKey, below.key)
			below.dn, below.key = strings.TrimSuffix(below.dn, e.dn)+to, strings.TrimSuffix(below.key, e.key)+key
			t.byKey[below.key] = below
		}
	}
	e.rewrite(to)
	delete(t.byKey, e.key)
	e.dn, e.key = to, key
	t.byKey[key] = e
	t.name(e)
	t.touch(e)
	return nil
}

// kept are the attributes that a tombstone still has (MS-ADTS 3.1.1.5.5.1.1).
var kept = []string{"objectClass", "objectSid", "sAMAccountName", "userAccountControl"}

func (t *tree) remove(dn string) *ldap.Error {
	e := t.find(dn)
	if e == nil {
		return t.missing(dn)
	}
	for _, other := range t.entries {
		if other != e && !other.deleted && within(other.key, e.key) {
			return failure(ldap.LDAPResultNotAllowedOnNonLeaf, "00002015: UpdErr: DSID-031A11CA, problem 6003 (CANT_ON_NON_LEAF), data 0")
		}
	}
	e.rewrite("")
	e.memberOf = nil
	before := e.values("member")
	e.attributes = slices.DeleteFunc(e.attributes, func(a attribute) bool { return !slices.Contains(kept, a.name) })
	t.relink(e, before)
	delete(t.byKey, e.key)
	parent := e.dn[strings.Index(e.dn, ",")+1:]
	if p := t.byKey[parentOf(e.key)]; p != nil {
		parent = p.dn
	}
	rdn, _ := ldap.ParseDN(e.dn)
	e.dn = "CN=" + ldap.EscapeDN(rdn.RDNs[0].Attributes[0].Value) + `\0ADEL:` + idText(e.id) + ",CN=Deleted Objects," + t.base
	e.key, _ = keyOf(e.dn)
	e.deleted, e.password = true, ""
	e.set("isDeleted", "TRUE")
	e.set("lastKnownParent", parent)
	t.touch(e)
	return nil
}

// idText is a GUID as people write it (MS-DTYP 2.3.4.3).
func idText(id string) string {
	b := []byte(id)
	slices.Reverse(b[0:4])
	slices.Reverse(b[4:6])
	slices.Reverse(b[6:8])
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// missing is the answer about what does not exist, or lies in another server's part of the tree.
func (t *tree) missing(dn string) *ldap.Error {
	key, err := keyOf(dn)
	if err != nil {
		return err
	}
	if t.context(key) == "" {
		answer := failure(ldap.LDAPResultReferral, "0000202B: RefErr: DSID-0310078B, data 0, 1 access points")
		answer.MatchedDN = "ldap://" + elsewhere(dn) + "/" + dn
		return answer
	}
	return failure(ldap.LDAPResultNoSuchObject, "0000208D: NameErr: DSID-0310028C, problem 2001 (NO_OBJECT), data 0, best match of: '"+t.base+"'")
}

// elsewhere is the DNS name of the domain that a DN belongs to.
func elsewhere(dn string) string {
	var labels []string
	if parsed, err := ldap.ParseDN(dn); err == nil {
		for _, rdn := range parsed.RDNs {
			if a := rdn.Attributes[0]; strings.EqualFold(a.Type, "DC") {
				labels = append(labels, a.Value)
			}
		}
	}
	return strings.Join(labels, ".")
}

func classed(e *entry, class string) bool {
	return slices.ContainsFunc(e.values("objectClass"), func(c string) bool { return strings.EqualFold(c, class) })
}
