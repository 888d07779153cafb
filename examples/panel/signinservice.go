package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/mailpanel/account-resource/accountresource"
	"github.com/mailpanel/account-resource/accountresource/signin"
)

// signInService is the listener on which Dovecot asks whether people may sign in.
type signInService struct{ listener net.Listener }

// listenForSignIn opens the listener; without an address there is none.
func listenForSignIn(address string) (*signInService, error) {
	if address == "" {
		return nil, nil //nolint:nilnil // nothing was asked for
	}
	host, _, err := net.SplitHostPort(address)
	if ip, parsed := netip.ParseAddr(host); err != nil || parsed != nil || !ip.IsLoopback() {
		return nil, errors.New("PANEL_SIGNIN_LISTEN must be a loopback address with a port, such as 127.0.0.1:8081: passwords cross it")
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("PANEL_SIGNIN_LISTEN: %w", err)
	}
	return &signInService{listener}, nil
}

// option tells the module where it is.
func (s *signInService) option() accountresource.Option {
	return accountresource.WithSignInURL("http://" + s.listener.Addr().String() + signin.Path)
}

// serve answers Dovecot until stop is called.
func (s *signInService) serve(m *accountresource.Module) (stop func() error) {
	server := &http.Server{
		Handler: m.SignInHandler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 8 << 10,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(s.listener) }()
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), closingTime)
		defer cancel()
		err := server.Shutdown(ctx)
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}
}
