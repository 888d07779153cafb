package plan

import (
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// person is what an alias needs to know of somebody: where mail goes if not to an account here.
type person struct {
	external string // an address of another domain
	hosted   string // a contact's address in the domain
	off      bool   // disabled in the directory
}

// recordMember records how a user or contact is reached as a member of aliases.
func (b *Builder) recordMember(o *account.Object) {
	if b.policy.Groups == nil || o.Kind == account.Other {
		return
	}
	p := person{off: b.policy.FollowStatus && o.Disabled}
	switch {
	case o.Kind == account.Contact:
		p.hosted, p.external = b.recipient(o.Mail)
	case !slices.ContainsFunc(o.Mail, b.hosts): // else reached there or not at all
		_, p.external = b.recipient(o.External)
	}
	b.people[o.ID] = p
	if o.Primary != 0 {
		b.primary[o.Primary] = append(b.primary[o.Primary], o.ID)
	}
}

// recipient finds the first valid address of another domain, and the first one in the domain where that comes before.
func (b *Builder) recipient(addresses []string) (hosted, external string) {
	for _, text := range addresses {
		address, ok := account.ParseRecipient(text)
		switch {
		case !ok:
		case !b.hosts(address):
			return hosted, address
		case hosted == "":
			hosted = address
		}
	}
	return hosted, ""
}

// hosts reports whether an address is in the domain.
func (b *Builder) hosts(text string) bool {
	address, _ := account.ParseRecipient(text)
	return account.DomainOf(address) == b.policy.Domain.Name
}

// receives reports whether an account at an address of the domain gets mail when this run is over, linked or not.
func (b *Builder) receives(address string) bool {
	if who, linked := b.owners[address]; linked && who.resource == b.policy.Resource {
		return !b.people[who.source].off && b.serves(who.source, address)
	}
	local, exists := b.local[address]
	return exists && local.active && local.kind != account.Reserved
}

// PrimaryPartial says that users were not listed whole: an object that was not given may be a member of a group by its
// primary group, and leaves no alias.
func (b *Builder) PrimaryPartial() { b.primaryPartial = true }

// unread reports whether an address is that of an object whose primary group could not be read.
func (b *Builder) unread(address string) bool {
	who, linked := b.owners[address]
	if !b.primaryPartial || !linked || who.resource != b.policy.Resource || b.disabledByRemoval[who.source] {
		return false
	}
	_, isPerson := b.people[who.source]
	_, isGroup := b.groups[who.source]
	return !isPerson && !isGroup
}
