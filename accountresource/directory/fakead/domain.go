package fakead

import "time"

// AdminPassword is the password of the administrator that every fake directory has, who sees tombstones and may
// write.
const AdminPassword = "Fake-Administrator-1"

// AdminDN is the administrator.
func (s *Server) AdminDN() string { return "CN=Administrator,CN=Users," + s.tree.base }

// Reader makes an account without rights beyond reading, as the bind account of a replication should be, and gives
// its name.
func (s *Server) Reader(name, password string) (string, error) {
	err := s.Add("CN="+name+",CN=Users,"+s.tree.base, Attributes{
		"objectClass": {"user"}, "sAMAccountName": {name}, "userPrincipalName": {name + "@" + s.tree.domain},
		"userAccountControl": {"66048"}, "password": {password},
	})
	return name + "@" + s.tree.domain, err
}

// furnish makes what every domain has.
func (s *Server) furnish() error {
	t := s.tree
	for _, o := range []struct {
		dn string
		a  Attributes
	}{
		{t.base, Attributes{"objectClass": {"domainDNS"}, "lockoutThreshold": {"0"}, "lockOutObservationWindow": {"-18000000000"}}},
		{t.configurationDN(), Attributes{"objectClass": {"container"}}},
		{t.schemaDN(), Attributes{"objectClass": {"container"}}},
		{"CN=Aggregate," + t.schemaDN(), Attributes{"objectClass": {"container"}, "attributeTypes": typeDescriptions(), "modifyTimeStamp": {when(time.Now())}}},
		{"CN=Sites," + t.configurationDN(), Attributes{"objectClass": {"container"}}},
		{"CN=Default-First-Site-Name,CN=Sites," + t.configurationDN(), Attributes{"objectClass": {"container"}}},
		{"CN=Servers,CN=Default-First-Site-Name,CN=Sites," + t.configurationDN(), Attributes{"objectClass": {"container"}}},
		{"CN=DC1,CN=Servers,CN=Default-First-Site-Name,CN=Sites," + t.configurationDN(), Attributes{"objectClass": {"container"}}},
		{t.serviceDN(), Attributes{"objectClass": {"container"}, "invocationId": {t.invocation}}},
		{"CN=Users," + t.base, Attributes{"objectClass": {"container"}}},
		{"CN=Deleted Objects," + t.base, Attributes{"objectClass": {"container"}}},
		{s.AdminDN(), Attributes{
			"objectClass": {"user"}, "sAMAccountName": {"Administrator"}, "userAccountControl": {"512"}, "password": {AdminPassword},
		}},
		{"CN=Domain Users,CN=Users," + t.base, Attributes{"objectClass": {"group"}, "sAMAccountName": {"Domain Users"}}},
	} {
		if err := s.Add(o.dn, o.a); err != nil {
			return err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.find(s.AdminDN()).admin = true
	t.find(t.base).set("objectSid", sidOf(21, 1, 2, 3))
	t.find("CN=Deleted Objects," + t.base).deleted = true // shown to whom tombstones are
	return nil
}
