package resource

import "time"

// Certificate is one of a server's chain, as people compare it. Nobody has vouched for it.
type Certificate struct {
	Subject, Issuer string
	From, Until     time.Time
	Fingerprint     string // SHA-256, in pairs of hexadecimal digits with colons between
	Authority       bool   // it may sign others
	PEM             string
}
