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
			Policy: b.Policy, SetPolicy: b.SetPolicy, Writes: b.Writes, ForwardOnly: b.ForwardOnly,
			Route: func(r account.Route) bool {
				active, exists := b.Route(r)
				return active && exists
			},
			AddReference: func(t backendtest.Reference) { b.AddReference(string(t.Kind), t.Owner, t.Other) },
			References: func() (all []backendtest.Reference) {
				for _, t := range b.References() {
					all = append(all, backendtest.Reference{Kind: backendtest.ReferenceKind(t[0]), Owner: t[1], Other: t[2]})
				}
				return all
			},
			DeletedMailboxes: func() (all []backendtest.DeletedMailbox) {
				for _, g := range b.DeletedMailboxes() {
					all = append(all, backendtest.DeletedMailbox(g))
				}
				return all
			},
			AddReserved: func(address string) {
				b.AddAccount(account.Account{Address: address, Kind: account.Reserved, Active: true})
			},
		}
	})
}
