package resource

import "time"

// SignInMode says with which password people sign in to their mailboxes.
type SignInMode string

// The modes. Off is what the mail server does by itself.
const (
	SignInOff           SignInMode = "off"
	SignInWithDirectory SignInMode = "directory"
)

// SignIn says how people of the resource sign in (rule R27).
type SignIn struct {
	Mode SignInMode `json:"mode" form:"signin" validate:"oneof=off directory"`
	// Grace is for how long after the directory's last yes people get in while it does not answer: 0, 1h, 24h or 7d.
	Grace string `json:"grace" form:"signin_grace" validate:"oneof=0 1h 24h 7d"`
}

// Graces are the values of Grace, the shortest first.
func Graces() []string { return []string{"0", "1h", "24h", "7d"} }

// GraceDuration is Grace; zero: not at all.
func (s SignIn) GraceDuration() time.Duration {
	return map[string]time.Duration{"1h": time.Hour, "24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour}[s.Grace]
}
