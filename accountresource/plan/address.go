package plan

import "github.com/mailpanel/account-resource/accountresource/account"

// addressOf returns the one address of the domain among the values of the address attribute (rule R3), or why there is
// none.
func (p *Policy) addressOf(o *account.Object) (string, account.Message) {
	var found, invalid, elsewhere string
	for _, text := range o.Mail {
		address, valid := account.ParseAddress(text)
		switch {
		case address == "":
		case account.DomainOf(address) != p.Domain.Name:
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
		return elsewhere, account.Say("reason_other_domain", "Address", elsewhere, "Domain", p.Domain.Name)
	}
	return "", account.Say("reason_no_address")
}

// recipient returns the first valid address of another domain, and the first one in the domain where that comes before.
func (p *Policy) recipient(addresses []string) (hosted, external string) {
	for _, text := range addresses {
		address, ok := account.ParseRecipient(text)
		switch {
		case !ok:
		case !p.hosts(address):
			return hosted, address
		case hosted == "":
			hosted = address
		}
	}
	return hosted, ""
}

// hosts reports whether an address is in the domain.
func (p *Policy) hosts(text string) bool {
	address, _ := account.ParseRecipient(text)
	return account.DomainOf(address) == p.Domain.Name
}
