package resource

import "log/slog"

// Secret is a password that never shows itself: printing, logging and JSON all give a mask. Reveal is the only way
// to the text, so that a search for its name finds every use.
type Secret struct{ text string }

const mask = "••••••"

// NewSecret wraps a password.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal is the password itself.
func (s Secret) Reveal() string { return s.text }

// IsZero tells that there is no password.
func (s Secret) IsZero() bool { return s.text == "" }

// String is a mask.
func (s Secret) String() string { return mask }

// GoString is a mask, for %#v.
func (s Secret) GoString() string { return mask }

// MarshalJSON writes a mask.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + mask + `"`), nil }

// LogValue is a mask.
func (s Secret) LogValue() slog.Value { return slog.StringValue(mask) }
