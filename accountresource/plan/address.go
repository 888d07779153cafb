package plan

import "github.com/mailpanel/account-resource/accountresource/account"

// addressOf finds the one address of the domain among the values of the address attribute (rule R3), or says why
// there is none.
func (b *Builder) addressOf(o *account.Object) (string, account.Message) {
	var found, invalid, elsewhere string
	for _, text := range o.Mail {
		address, valid := account.ParseAddress(text)
		switch {
		case address == "":
		case account.DomainOf(address) != b.policy.Domain.Name:
			elsewhere = address
		case !valid:
			invalid = address
		case found != "" && found != address:
			return found, account.Say("reason_several_addresses", "First", found, "Second", address)
		default:
			found = address
		}
	}
	switch {
	case found != "":
		return found, account.Message{}
	case invalid != "":
		return invalid, account.Say("reason_invalid_address", "Address", invalid)
	case elsewhere != "":
		return elsewhere, account.Say("reason_other_domain", "Address", elsewhere, "Domain", b.policy.Domain.Name)
	}
	return "", account.Say("reason_no_address")
}

func (b *Builder) refuse(o *account.Object, address string, a account.Action, why account.Message) account.Change {
	return account.Change{
		Action: a, Kind: account.Mailbox, Source: o.ID, DN: o.DN, Address: address, Reason: why, Unlink: b.stale[o.ID],
	}
}
