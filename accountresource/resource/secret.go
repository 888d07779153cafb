package resource

import "log/slog"

// Secret is a password that never shows itself: printing, logging and JSON all give a mask. Reveal is the only way
// to the text, so that a search for its name finds every use.
type Secret struct {
	text   string
	locked Lock
}

// Lock says why a stored password cannot be opened; empty for one that can.
type Lock string

// The reasons.
const (
	// LockedByKey: it was encrypted with a key that this panel does not have.
	LockedByKey Lock = "key"
	// LockedByRow: the key fits, but the row was changed outside of the panel: the password is for another endpoint.
	LockedByRow Lock = "row"
)

const mask = "••••••"

// NewSecret wraps a password.
func NewSecret(text string) Secret { return Secret{text: text} }

// LockedSecret is a stored password that cannot be opened. It is not zero, and reveals nothing.
func LockedSecret(why Lock) Secret { return Secret{locked: why} }

// Reveal returns the password itself.
func (s Secret) Reveal() string { return s.text }

// IsZero reports whether there is no password.
func (s Secret) IsZero() bool { return s == Secret{} }

// Locked returns why the password cannot be opened, empty where it can.
func (s Secret) Locked() Lock { return s.locked }

// Problem returns why nobody can sign in with the password, nil where somebody can. The field is bind_password.
func (s Secret) Problem() *Problem {
	switch {
	case s.locked == LockedByKey:
		return NewProblem("bind_password", "password_locked_key", nil)
	case s.locked == LockedByRow:
		return NewProblem("bind_password", "password_locked_row", nil)
	case s.text == "": // it would be an anonymous bind, which succeeds and shows nothing
		return NewProblem("bind_password", "password_required", nil)
	}
	return nil
}

// String returns a mask.
func (s Secret) String() string { return mask }

// GoString returns a mask, for %#v.
func (s Secret) GoString() string { return mask }

// MarshalJSON writes a mask.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + mask + `"`), nil }

// LogValue returns a mask.
func (s Secret) LogValue() slog.Value { return slog.StringValue(mask) }
