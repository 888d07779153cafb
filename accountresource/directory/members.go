package directory

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// extendedDN has the server write DNs as <GUID=...>;<SID=...>;DN (LDAP_SERVER_EXTENDED_DN_OID, MS-ADTS 3.1.1.3.4.1.5),
// so that members come with their identity and nobody has to be looked up by name. The value asks for text.
func extendedDN() ldap.Control {
	return ldap.NewControlString("1.2.840.113556.1.4.529", true, "\x30\x03\x02\x01\x01")
}

const (
	// membersAtOnce is how many values of member are asked for in one answer: what Windows gives by itself. Samba would
	// give all of them.
	membersAtOnce = 1500
	// groupsAtOnce keeps a page of groups with that many members each small.
	groupsAtOnce = 50
	// lookUpAtOnce is how many identities stand in one filter.
	lookUpAtOnce = 50
)

func memberRange(from int) string {
	return "member;range=" + strconv.Itoa(from) + "-" + strconv.Itoa(from+membersAtOnce-1)
}

// members reads who is a direct member of a group, range by range. What the server refuses to show makes the group
// partial; an error is that nobody answered.
func (r *Reader) members(ctx context.Context, e *ldap.Entry, o *account.Object) error {
	entry := e
	var size rangesSize
	for {
		values, next := portion(entry, "member")
		if err := size.add(values); err != nil {
			return err
		}
		for _, v := range values {
			if id, _, ok := splitDN(v); ok {
				o.Members = append(o.Members, id)
			} else {
				o.Partial = true
			}
		}
		if next == 0 {
			return nil
		}
		result, err := r.search(ctx, 1, &ldap.SearchRequest{
			BaseDN: o.DN, Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: []string{memberRange(next)},
			Controls: []ldap.Control{extendedDN()},
		})
		switch {
		case err != nil && !hidden(err):
			return err
		case err != nil || len(result.Entries) != 1:
			o.Partial = true
			return nil
		}
		entry = result.Entries[0]
		if _, after := portion(entry, "member"); after != 0 && after <= next {
			return errSequence
		}
	}
}

// splitDN takes an extended DN apart. A DN without an identity is the DN alone.
func splitDN(text string) (id account.SourceID, dn string, ok bool) {
	rest, extended := strings.CutPrefix(text, "<GUID=")
	if !extended {
		return "", text, false
	}
	guid, rest, found := strings.Cut(rest, ">;")
	if !found {
		return "", text, false
	}
	if strings.HasPrefix(rest, "<SID=") {
		_, rest, _ = strings.Cut(rest, ">;")
	}
	stored, err := hex.DecodeString(guid) // the form without hyphens has the bytes as they are stored
	if err != nil {
		stored, err = parseGUID(account.SourceID(guid))
	}
	if err != nil {
		return "", rest, false
	}
	id, err = formatGUID(stored)
	return id, rest, err == nil
}

// relative is the last part of a SID (MS-DTYP 2.4.2.2), by which a user names his primary group; 0 where there is none.
func relative(sid []byte) uint32 {
	if len(sid) < 12 {
		return 0
	}
	return binary.LittleEndian.Uint32(sid[len(sid)-4:])
}

// primaryOf is what ties a user to his primary group: his primaryGroupID, or the group's own identifier.
func primaryOf(e *ldap.Entry, kind account.ObjectKind) uint32 {
	if kind == account.Group {
		return relative(raw(e, "objectSid"))
	}
	n, err := strconv.ParseUint(first(e, "primaryGroupID"), 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

// LookUp reads objects by their identity, wherever in the domain they are; those that are not there or not shown are
// missing from the answer.
func (r *Reader) LookUp(ctx context.Context, ids []account.SourceID) ([]account.Object, error) {
	if _, err := r.connect(ctx); err != nil {
		return nil, err
	}
	var found []account.Object
	for filter := range byIdentity(ids) {
		objects, err := r.lookUp(ctx, filter)
		if err != nil {
			return nil, stopped(ctx, requestProblem(r.settings.Connection, err))
		}
		found = append(found, objects...)
	}
	return found, nil
}

// byIdentity are filters for objects by their objectGUID, some in each.
func byIdentity(ids []account.SourceID) iter.Seq[string] {
	return func(yield func(string) bool) {
		for part := range slices.Chunk(ids, lookUpAtOnce) {
			var filter strings.Builder
			for _, id := range part {
				if bytes, err := parseGUID(id); err == nil {
					filter.WriteString("(objectGUID=" + escaped(bytes) + ")")
				}
			}
			if filter.Len() > 0 && !yield("(|"+filter.String()+")") {
				return
			}
		}
	}
}

func (r *Reader) lookUp(ctx context.Context, filter string) ([]account.Object, error) {
	users, groups := r.source(account.User), r.source(account.Group)
	attributes := slices.Concat(users.attributes(), groups.attributes(), []string{mail, targetAddress})
	result, err := r.search(ctx, lookUpAtOnce, &ldap.SearchRequest{
		BaseDN: r.root(), Scope: ldap.ScopeWholeSubtree, Filter: filter, Attributes: once(attributes),
		Controls: []ldap.Control{extendedDN()},
	})
	if err != nil {
		return nil, err
	}
	var found []account.Object
	for _, e := range result.Entries {
		s := users
		if kindOf(e) == account.Group {
			s = groups
		}
		o, err := s.object(e)
		if err != nil {
			continue // it cannot be the one
		}
		if o.Kind == account.Group {
			if err := r.members(ctx, e, &o); err != nil {
				return nil, err
			}
		}
		found = append(found, o)
	}
	return found, nil
}

// root is where the whole domain is below; the base DN where the server named none.
func (r *Reader) root() string {
	if r.naming != "" {
		return r.naming
	}
	return r.settings.Connection.BaseDN
}

// escaped is a value as a filter has it, byte by byte (RFC 4515, section 3).
func escaped(value []byte) string {
	var b strings.Builder
	for _, octet := range value {
		b.WriteString("\\" + hex.EncodeToString([]byte{octet}))
	}
	return b.String()
}

// parseGUID is what formatGUID was made of.
func parseGUID(id account.SourceID) ([]byte, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(string(id), "-", ""))
	if err != nil || len(b) != 16 {
		return nil, errNoIdentity
	}
	ordered := [16]byte{b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6]}
	copy(ordered[8:], b[8:])
	return ordered[:], nil
}
