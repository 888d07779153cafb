package memory_test

import (
	"testing"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends/backendtest"
	"github.com/mailpanel/account-resource/backends/memory"
)

func TestConformance(t *testing.T) {
	backendtest.Run(t, func(*testing.T) backendtest.Store {
		b := memory.New()
		return backendtest.Store{
			Backend: b, AddDomain: b.AddDomain, AddMailbox: b.AddAccount, AddAlias: b.AddAlias, SetRoute: b.AddRoute,
			Route: b.Route, Writes: b.Writes,
			AddReserved: func(address string) {
				b.AddAccount(account.Account{Address: address, Kind: account.Reserved, Active: true})
			},
		}
	})
}
