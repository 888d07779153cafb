package fakead

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// tree is what the directory holds.
type tree struct {
	domain, netbios string
	base            string   // the domain's DN
	contexts        []string // keys of the naming contexts, the most special first
	invocation      string

	mu      sync.RWMutex
	entries []*entry // in the order of creation, for ever: a page goes on where the last one ended
	byKey   map[string]*entry
	byID    map[string]*entry
	bySID   map[string]*entry
	primary map[string]map[*entry]bool // by primaryGroupID
	byUSN   []stamp                    // in the order of the change counter; an entry that changed again has an older stamp too
	usn     int64
	rid     int64
	denied  denied
}

func newTree(domain string) *tree {
	labels := strings.Split(domain, ".")
	t := &tree{
		domain: domain, netbios: strings.ToUpper(labels[0]), base: "DC=" + strings.Join(labels, ",DC="),
		invocation: guid(), byKey: make(map[string]*entry), byID: make(map[string]*entry),
		bySID: make(map[string]*entry), primary: make(map[string]map[*entry]bool), usn: 12_000, rid: 1_000,
	}
	for _, dn := range []string{t.schemaDN(), t.configurationDN(), t.base} {
		key, _ := keyOf(dn) // made of letters here
		t.contexts = append(t.contexts, key)
	}
	return t
}

func (t *tree) configurationDN() string { return "CN=Configuration," + t.base }
func (t *tree) schemaDN() string        { return "CN=Schema," + t.configurationDN() }
func (t *tree) serviceDN() string       { return "CN=NTDS Settings," + t.serverDN() }
func (t *tree) serverDN() string {
	return "CN=DC1,CN=Servers,CN=Default-First-Site-Name,CN=Sites," + t.configurationDN()
}

// entry is one object.
type entry struct {
	at         int // its place in the tree's entries
	dn, key    string
	id         string // 16 bytes
	attributes []attribute
	usn        int64
	created    int64 // a change counter, as usn is
	changed    time.Time
	memberOf   []*entry
	primary    string // the primaryGroupID by which it is indexed
	password   string
	admin      bool // of the domain: sees tombstones and may write
	deleted    bool
}

type attribute struct {
	name   string
	values []string
}

// keyOf is a DN in a form that compares byte by byte.
func keyOf(dn string) (string, *ldap.Error) {
	parsed, err := ldap.ParseDN(dn)
	if err != nil {
		return "", failure(ldap.LDAPResultInvalidDNSyntax, "0000208F: NameErr: DSID-03100225, problem 2006 (BAD_NAME), data 8350, best match of: '"+dn+"'")
	}
	rdns := make([]string, len(parsed.RDNs))
	for i, rdn := range parsed.RDNs {
		var parts []string
		for _, a := range rdn.Attributes {
			parts = append(parts, strings.ToLower(a.Type+"="+a.Value))
		}
		slices.Sort(parts)
		rdns[i] = strings.Join(parts, "+")
	}
	return strings.Join(rdns, "\x00"), nil
}

func within(key, base string) bool { return key == base || strings.HasSuffix(key, "\x00"+base) }

func parentOf(key string) string {
	_, parent, _ := strings.Cut(key, "\x00")
	return parent
}

// context is the naming context of a key, empty where this server has none for it.
func (t *tree) context(key string) string {
	for _, c := range t.contexts {
		if within(key, c) {
			return c
		}
	}
	return ""
}

// find is the entry with a DN, nil where there is none.
func (t *tree) find(dn string) *entry {
	if e, isID := t.identified(dn); isID {
		return e
	}
	key, err := keyOf(dn)
	if err != nil {
		return nil
	}
	return t.byKey[key]
}

// baseKey is the key of what a search begins at.
func (t *tree) baseKey(name string) (string, *ldap.Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	switch e, isID := t.identified(name); {
	case !isID:
		return keyOf(name)
	case e == nil:
		return "", failure(ldap.LDAPResultNoSuchObject, "0000208D: NameErr: DSID-03100288, problem 2001 (NO_OBJECT), data 0, best match of: ''")
	default:
		return e.key, nil
	}
}

// identified is the entry that a name such as <GUID=37546e64-…> means (MS-ADTS 3.1.1.3.1.2.4); isID is false for any other name.
func (t *tree) identified(name string) (e *entry, isID bool) {
	text, begins := strings.CutPrefix(name, "<GUID=")
	text, ends := strings.CutSuffix(text, ">")
	if !begins || !ends {
		return nil, false
	}
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(b) != 16 {
		return nil, true
	}
	id := []byte{b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6]}
	return t.byID[string(append(id, b[8:]...))], true
}

// when writes a time as Active Directory does: in whole seconds, with a fraction that is always zero.
func when(t time.Time) string { return t.UTC().Truncate(time.Second).Format("20060102150405.0Z") }

// touch gives an entry the next change number.
func (t *tree) touch(e *entry) {
	t.usn++
	e.usn, e.changed = t.usn, time.Now()
	if len(t.byUSN) > 1000 && len(t.byUSN) > 3*len(t.entries) {
		t.byUSN = slices.DeleteFunc(t.byUSN, func(s stamp) bool { return s.usn != s.entry.usn })
	}
	t.byUSN = append(t.byUSN, stamp{t.usn, e})
	t.indexPrimary(e)
}

// values are the values of an attribute by its name in any case. Some are not stored.
func (e *entry) values(name string) []string {
	switch strings.ToLower(name) {
	case "objectguid":
		return []string{e.id}
	case "usnchanged":
		return []string{strconv.FormatInt(e.usn, 10)}
	case "usncreated":
		return []string{strconv.FormatInt(e.created, 10)}
	case "whenchanged":
		return []string{when(e.changed)}
	case "distinguishedname":
		return []string{e.dn}
	case "memberof":
		var groups []string
		for _, g := range e.memberOf {
			groups = append(groups, g.dn)
		}
		return groups
	}
	for _, a := range e.attributes {
		if strings.EqualFold(a.name, name) {
			return a.values
		}
	}
	return nil
}

func (e *entry) first(name string) string {
	if values := e.values(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// set replaces the values of an attribute; none removes it.
func (e *entry) set(name string, values ...string) {
	i := slices.IndexFunc(e.attributes, func(a attribute) bool { return strings.EqualFold(a.name, name) })
	switch {
	case len(values) == 0 && i >= 0:
		e.attributes = slices.Delete(e.attributes, i, i+1)
	case len(values) == 0:
	case i >= 0:
		e.attributes[i].values = values
	default:
		e.attributes = append(e.attributes, attribute{name, values})
	}
}

// computed are the names of the attributes that are not stored.
var computed = []string{"objectGUID", "uSNChanged", "uSNCreated", "whenChanged", "distinguishedName", "memberOf"}

func guid() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails, by its contract
	return string(id)
}
