package accountresource

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/signin"
	"github.com/mailpanel/account-resource/accountresource/store"
	"github.com/mailpanel/account-resource/backends"
)

// Authenticate reports whether a password is the one with which a person signs in to the directory (rule R27). The address may have any
// case. The verdict says what came of it; Result.In reports whether the person may enter, Verdict.Outside what a stranger may be told. For
// NotDirectory the account is not one of a resource with sign-in: the host goes on with its own passwords. An error is a fault of this
// side, such as a database that is down, and comes with a verdict that lets in nobody who should not be. It takes 3 seconds for all
// servers of the directory together, besides the tables: a bind that has begun is waited for although ctx ends, so that it is counted.
func (m *Module) Authenticate(ctx context.Context, address, password string, options ...signin.Option) (signin.Result, error) {
	return m.signIn.Authenticate(ctx, signin.NewRequest(address, password, options...))
}

// SignInHandler returns what the mail server asks whether people may sign in. It belongs on a listener of its own on a loopback address,
// not on the panel's: behind a proxy everybody would be the same client. See WithSignInURL.
func (m *Module) SignInHandler() http.Handler { return m.signIn.Handler(m.tokens...) }

// signInTokens derives the tokens by which the mail server is known from the host's keys, the current one first.
func signInTokens(keys [][]byte) ([]string, error) {
	derived, err := subkeys(keys, "sign-in token")
	tokens := make([]string, len(derived))
	for i, key := range derived {
		tokens[i] = base64.RawURLEncoding.EncodeToString(key)
	}
	return tokens, err
}

// people finds whose mailbox an address is, in the tables and the mail store.
type people struct {
	links     *store.Links
	resources *store.Resources
	backend   backends.Backend
}

// Find returns the mailbox of an address whose person signs in with the directory's password.
func (p *people) Find(ctx context.Context, address string) (a signin.Account, found bool, err error) {
	link, found, err := p.links.OfAccount(ctx, address)
	if err != nil {
		return a, false, err
	}
	var login backends.Login
	if !found { // it may be another name of a mailbox
		login, err = p.backend.Login(ctx, address)
		if errors.Is(err, backends.ErrNotFound) || err == nil && login.Address == address {
			return a, false, nil
		}
		if err == nil {
			link, found, err = p.links.OfAccount(ctx, login.Address)
		}
		if err != nil || !found {
			return a, false, err
		}
	}
	if link.Kind != account.Mailbox || link.Parted {
		return a, false, nil
	}
	res, err := p.resources.Get(ctx, link.Resource)
	switch {
	case errors.Is(err, resource.ErrNotFound): // deleted at this moment
		return a, false, nil
	case err != nil:
		return a, false, fmt.Errorf("read the resource of %s: %w", link.Address, err)
	case res.Settings.SignIn.Mode != resource.SignInWithDirectory:
		return a, false, nil
	}
	if login.Address == "" {
		login, err = p.backend.Login(ctx, link.Address)
		if err != nil && !errors.Is(err, backends.ErrNotFound) { // one that is not there is not active
			return a, false, err
		}
	}
	return signin.Account{
		Key: signin.Key{Resource: link.Resource, Source: link.Source}, Address: link.Address, Active: login.Active && link.Off == "",
		Unsettled: isUnsettled(link.State), Grace: res.Settings.SignIn.GraceDuration(),
	}, true, nil
}

// isUnsettled reports whether a claim leaves it open whose the account at the address is. One that only changes values does not.
func isUnsettled(s account.LinkState) bool {
	switch s {
	case account.Creating, account.Linking, account.Renaming, account.Deleting:
		return true
	}
	return false
}

// connectionOf returns the stored connection of a resource.
func (p *people) connectionOf(ctx context.Context, id int64) (resource.Connection, error) {
	res, err := p.resources.Get(ctx, id)
	return res.Settings.Connection, err
}
