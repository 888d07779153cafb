package directory

import (
	"slices"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// source is where a kind of object is found and which attribute is what.
type source struct {
	filter, filterField string
	mail, status        string
	fields              [account.NumFields]string // by account.Field
	members             bool                      // a group's, with its identifier
	member              bool                      // a user, as a member of groups: the primary group, mail
	manager             bool                      // a group's
	catalogue           *catalogue                // nil: whole entries are read
}

// source is what the settings say of a kind, with the names under which the server answers.
func (r *Reader) source(kind account.ObjectKind) source {
	if kind == account.Group {
		g := &r.settings.Groups
		s := source{filter: g.Filter, filterField: "group_filter", mail: r.names.answered(g.Mail), members: true, manager: g.Moderator, catalogue: r.catalogue}
		s.fields[account.Name] = r.names.answered(g.Name)
		return s
	}
	u := &r.settings.Users
	s := source{
		member: r.settings.Replication.Groups, catalogue: r.catalogue,
		filter: u.Filter, filterField: "user_filter", mail: r.names.answered(u.Mail), status: r.names.answered(u.Status),
	}
	for _, f := range account.AllFields() {
		s.fields[f] = r.names.answered(u.Attribute(f))
	}
	return s
}

// logonName holds the name with which a user signs in (MS-ADA3 2.222, sAMAccountName).
const logonName = "sAMAccountName"

// commonName is what a user is called that has no display name.
const commonName = "cn"

// attributes are those that a listing asks for, each once.
func (s *source) attributes() []string {
	names := append([]string{"objectGUID", "objectClass", "uSNChanged", logonName, s.mail, s.status}, s.fields[:]...)
	if !s.members {
		names = append(append(names, commonName), systemAttributes...)
	}
	if expires(s.status) {
		names = append(names, accountExpires)
	}
	if s.members {
		names = append(names, memberRange(0), "objectSid")
	}
	if s.manager {
		names = append(names, "managedBy")
	}
	if s.member {
		names = append(names, "primaryGroupID", mail)
	}
	return once(append(names, s.catalogue.attributes()...))
}

// once are the names without repetitions in any case, and without empty ones.
func once(names []string) []string {
	seen := map[string]bool{"": true}
	return slices.DeleteFunc(names, func(name string) bool {
		again := seen[strings.ToLower(name)]
		seen[strings.ToLower(name)] = true
		return again
	})
}
