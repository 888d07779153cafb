package fakead

import (
	"slices"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// writing is what a request to write does to the tree.
type writing func(t *tree, op *ber.Packet) *ldap.Error

// write lets administrators write over LDAP.
func (c *session) write(r request, answer ber.Tag, w writing) {
	if !c.admin {
		c.result(r, answer, failure(ldap.LDAPResultInsufficientAccessRights, "00002098: SecErr: DSID-031514A0, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0"))
		return
	}
	c.server.tree.mu.Lock()
	err := w(c.server.tree, r.op)
	c.server.tree.mu.Unlock()
	c.result(r, answer, err)
}

var malformed = failure(ldap.LDAPResultProtocolError, "0000203D: LdapErr: DSID-0C090CF4, comment: Error decoding ldap message, data 0, v4563")

// addOf is an add request (RFC 4511, section 4.7).
func addOf(t *tree, op *ber.Packet) *ldap.Error {
	if len(op.Children) != 2 {
		return malformed
	}
	a := make(Attributes)
	for _, child := range op.Children[1].Children {
		name, values, ok := valuesOf(child)
		if !ok {
			return malformed
		}
		a[name] = values
	}
	return t.add(text(op.Children[0]), a)
}

func valuesOf(p *ber.Packet) (name string, values []string, ok bool) {
	if len(p.Children) != 2 {
		return "", nil, false
	}
	for _, v := range p.Children[1].Children {
		values = append(values, text(v))
	}
	return text(p.Children[0]), values, true
}

// modifyOf is a modify request (RFC 4511, section 4.6).
func modifyOf(t *tree, op *ber.Packet) *ldap.Error {
	if len(op.Children) != 2 {
		return malformed
	}
	dn := text(op.Children[0])
	e := t.find(dn)
	if e == nil {
		return t.missing(dn)
	}
	a := make(Attributes)
	for _, change := range op.Children[1].Children {
		if len(change.Children) != 2 {
			return malformed
		}
		how, isHow := change.Children[0].Value.(int64)
		name, values, ok := valuesOf(change.Children[1])
		if !isHow || !ok {
			return malformed
		}
		before, chained := a[name]
		if !chained {
			before = e.values(attributeName(name))
		}
		switch how {
		case ldap.AddAttribute:
			a[name] = append(slices.Clone(before), values...)
		case ldap.ReplaceAttribute:
			a[name] = values
		default:
			a[name] = t.without(name, before, values)
		}
	}
	return t.modify(dn, a)
}

// without takes values away; none named takes all.
func (t *tree) without(name string, before, gone []string) []string {
	if len(gone) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(before), func(v string) bool {
		return slices.ContainsFunc(gone, func(g string) bool { return t.equal(name, v, g) })
	})
}

// moveOf is a modify DN request (RFC 4511, section 4.9).
func moveOf(t *tree, op *ber.Packet) *ldap.Error {
	if len(op.Children) < 3 {
		return malformed
	}
	dn, parent := text(op.Children[0]), ""
	if e := t.find(dn); e != nil {
		if above := t.byKey[parentOf(e.key)]; above != nil {
			parent = above.dn
		}
	}
	if len(op.Children) > 3 {
		parent = text(op.Children[3])
	}
	return t.move(dn, strings.TrimSuffix(text(op.Children[1])+","+parent, ","))
}

// deleteOf is a delete request (RFC 4511, section 4.8).
func deleteOf(t *tree, op *ber.Packet) *ldap.Error { return t.remove(text(op)) }
