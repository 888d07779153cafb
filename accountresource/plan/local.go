package plan

import (
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// record is what the plan remembers of a local account. There is one for every account of the domain, so it is kept
// small: the profile is one string.
type record struct {
	profile string
	home    string // only where a claim has to be told from somebody else's account
	kind    account.Kind
	active  bool
	role    account.Role
}

const separator = "\x00" // no store gives it back: it cannot be part of a value

func pack(p *account.Profile) string { return strings.Join(p[:], separator) }

func (r *record) unpack() (p account.Profile) {
	for i, v := range strings.SplitN(r.profile, separator, account.NumFields) {
		p[i] = v
	}
	return p
}
