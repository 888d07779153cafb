package backends

import (
	"fmt"
	"iter"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Homes says which address has a mail directory.
type Homes map[string]string

// HomesOf are the mail directories of accounts.
func HomesOf(accounts []account.Account) Homes {
	h := make(Homes, len(accounts))
	for _, a := range accounts {
		h[account.NormalHome(a.Home)] = a.Address
	}
	return h
}

// Take gives a mailbox that is to be created its mail directory, or returns ErrHomeTaken where another has it.
func (h Homes) Take(op *account.Operation) error {
	home := account.NormalHome(op.Home)
	if other, taken := h[home]; taken && other != op.Address {
		return fmt.Errorf("create %s in %s: %w", op.Address, op.Home, ErrHomeTaken)
	}
	h[home] = op.Address
	return nil
}

// Stream gives what read finds, or its error.
func Stream(read func() ([]account.Account, error)) iter.Seq2[account.Account, error] {
	return func(yield func(account.Account, error) bool) {
		all, err := read()
		if err != nil {
			yield(account.Account{}, err)
			return
		}
		for _, a := range all {
			if !yield(a, nil) {
				return
			}
		}
	}
}
