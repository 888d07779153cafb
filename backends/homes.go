package backends

import (
	"fmt"
	"iter"
	"path"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// NormalHome is a mail directory in a form in which two that are the same are equal: case does not matter, since Dovecot
// lower-cases the path, and neither does a slash at the end. No directory stays none.
func NormalHome(home string) string {
	if home == "" {
		return ""
	}
	return strings.ToLower(path.Clean(home))
}

// Homes says which address has a mail directory.
type Homes map[string]string

// HomesOf are the mail directories of accounts.
func HomesOf(accounts []account.Account) Homes {
	h := make(Homes, len(accounts))
	for _, a := range accounts {
		h[NormalHome(a.Home)] = a.Address
	}
	return h
}

// Take gives a mailbox that is to be created its mail directory, or returns ErrHomeTaken where another has it.
func (h Homes) Take(c *account.Change) error {
	home := NormalHome(c.Home)
	if other, taken := h[home]; taken && other != c.Address {
		return fmt.Errorf("create %s in %s: %w", c.Address, c.Home, ErrHomeTaken)
	}
	h[home] = c.Address
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
