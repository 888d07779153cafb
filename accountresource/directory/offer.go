package directory

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// errLooked ends a handshake that was only begun to see what a server offers.
var errLooked = errors.New("the server's offer has been seen")

// offer begins a handshake in which everything is allowed that package tls knows, and returns what the server chose: one that
// could not agree before says so with an alert that names no reason, or breaks off. Nothing is sent over it: it ends as soon as
// the server has chosen. agreed is false where the server chose nothing again.
func (o Options) offer(ctx context.Context, c resource.Connection) (version, suite uint16, agreed bool) {
	raw, err := o.connect(ctx, c)
	if err != nil {
		return 0, 0, false
	}
	defer func() { _ = raw.Close() }() // all has been said
	if !c.ImplicitTLS() {
		if err := startTLS(ctx, raw); err != nil {
			return 0, 0, false
		}
	}
	config := &tls.Config{ServerName: certifiedName(c), MinVersion: tls.VersionTLS10, InsecureSkipVerify: true}
	for _, known := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		config.CipherSuites = append(config.CipherSuites, known.ID)
	}
	config.VerifyConnection = func(state tls.ConnectionState) error {
		version, suite = state.Version, state.CipherSuite
		return errLooked
	}
	err = tls.Client(raw, config).HandshakeContext(ctx)
	return version, suite, errors.Is(err, errLooked)
}

// safe reports whether a cipher suite is one that is offered.
func safe(suite uint16) bool {
	return slices.ContainsFunc(tls.CipherSuites(), func(known *tls.CipherSuite) bool { return known.ID == suite })
}
