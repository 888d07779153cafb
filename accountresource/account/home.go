package account

import (
	"path"
	"strings"
)

// NormalHome returns a mail directory in a form in which two that are the same are equal: case does not matter, since
// Dovecot lower-cases the path, and neither does a slash at the end. No directory stays none.
func NormalHome(home string) string {
	if home == "" {
		return ""
	}
	return strings.ToLower(path.Clean(home))
}

// RelativeHome returns the part of a mail directory that stays when the mail storage moves: from the domain's directory
// on, or all of it where the domain has none.
func RelativeHome(home, domain string) string {
	home = NormalHome(home)
	if at := strings.Index(home, "/"+domain+"/"); at >= 0 {
		return home[at:]
	}
	return home
}

// Is reports whether an account may be the one that the link knows (rule R26): of the same kind, and with the same mail
// directory or the same time of creation. Accounts made in one second share that time, so that of several accounts the one
// for which HasHome is true counts. An alias that is alike may have been made anew.
func (l *Local) Is(a *Account) bool {
	return l.HasHome(a) || a.Kind == l.Kind && l.Made != "" && l.Made == a.Made
}

// HasHome reports whether an account is of the link's kind and has its mail directory, wherever the mail storage is. Every
// account has that of a link that knows none.
func (l *Local) HasHome(a *Account) bool {
	domain := DomainOf(l.Address)
	return a.Kind == l.Kind && (l.Kind == Alias || l.Home == "" || RelativeHome(l.Home, domain) == RelativeHome(a.Home, domain))
}
