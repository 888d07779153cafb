package backends

import "github.com/mailpanel/account-resource/accountresource/account"

// Stations returns the addresses at which the account of a rename may be, the first to be believed first: where the rename
// takes it from, and where an earlier attempt may have brought it. An address aside is that of one move alone, so that an
// account which is there has made it, whatever has its old address now.
func Stations(op *account.Operation) []string {
	from, to, _ := op.Moves()
	if account.IsTempAddress(to) {
		return []string{to, from}
	}
	return []string{from, to}
}
