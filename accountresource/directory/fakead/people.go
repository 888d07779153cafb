package fakead

import (
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// StaffOU is where Populate puts everybody.
func (s *Server) StaffOU() string { return "OU=Staff," + s.tree.base }

var (
	departments = []string{"Engineering", "Sales", "Support", "Finance", "Human Resources", "Logistics", "Legal", "Research"}
	titles      = []string{"Engineer", "Account Manager", "Technician", "Analyst", "Assistant", "Planner", "Counsel", "Scientist", "Team Lead", "Director"}
	givenNames  = []string{
		"Anna", "Benjamin", "Clara", "David", "Elena", "Felix", "Grace", "Hugo", "Ines", "Jakob", "Karin", "Leo", "Maria",
		"Noah", "Olga", "Paul", "Quentin", "Rosa", "Samuel", "Tessa", "Ulrich", "Vera", "William", "Xenia", "Yusuf", "Zoé",
		"Mehmet", "Chloë", "Søren", "Amélie",
	}
	surnames = []string{
		"Andersen", "Baker", "Castillo", "Dubois", "Evans", "Fischer", "García", "Haddad", "Ivanova", "Jansen", "Kowalski",
		"Lindqvist", "Müller", "Nakamura", "O'Brien", "Petrov", "Quinn", "Rossi", "Schmidt", "Tanaka", "Unger", "Van der Berg",
		"Weiß", "Ximenes", "Yılmaz", "Zimmermann", "Novák", "Santos", "Holm", "Árnason", "D'Angelo", "MacLeod", "Eriksson",
		"Moreau", "Okafor", "Silva", "Nguyen",
	}
)

// Populate fills the directory with users and groups who could be a company's. Every user has an address of its own
// (userPrincipalName) in the domain; one in fifty is disabled. The same numbers give the same people.
func (s *Server) Populate(users, groups int) error {
	if err := s.Add(s.StaffOU(), Attributes{"objectClass": {"organizationalUnit"}}); err != nil {
		return err
	}
	for _, d := range departments {
		if err := s.Add(s.unit(d), Attributes{"objectClass": {"organizationalUnit"}}); err != nil {
			return err
		}
	}
	dns, taken := make([]string, users), make(map[string]int)
	for i := range users {
		var err error
		if dns[i], err = s.addPerson(i, taken); err != nil {
			return err
		}
	}
	s.people = dns
	for i := range groups {
		if err := s.addGroup(i, groups, dns); err != nil {
			return err
		}
	}
	return nil
}

// People are the DNs of everybody whom Populate made, in order.
func (s *Server) People() []string { return s.people }

func (s *Server) unit(department string) string { return "OU=" + department + "," + s.StaffOU() }

func (s *Server) addPerson(i int, taken map[string]int) (dn string, err error) {
	given, surname := givenNames[i%len(givenNames)], surnames[(i*11+i/len(givenNames))%len(surnames)]
	department := departments[i%len(departments)]
	name, local := given+" "+surname, ascii(given)+"."+ascii(surname)
	if taken[local]++; taken[local] > 1 { // as people are told apart who share a name
		name, local = fmt.Sprintf("%s (%d)", name, taken[local]), fmt.Sprintf("%s%d", local, taken[local])
	}
	address, control := local+"@"+s.tree.domain, "66048"
	if i%50 == 49 {
		control = "66050"
	}
	dn = "CN=" + ldap.EscapeDN(name) + "," + s.unit(department)
	return dn, s.Add(dn, Attributes{
		"objectClass": {"user"}, "sAMAccountName": {fmt.Sprintf("u%05d", i+1)}, "userPrincipalName": {address}, "mail": {address},
		"userAccountControl": {control}, "displayName": {name}, "givenName": {given}, "sn": {surname},
		"employeeID": {fmt.Sprintf("E%05d", i+1)}, "title": {titles[i%len(titles)]}, "department": {department},
		"telephoneNumber": {fmt.Sprintf("+49 30 555 %04d", i%10000)}, "mobile": {fmt.Sprintf("+49 170 555%05d", i%100000)},
	})
}

// addGroup makes one of several groups: the first departments' own, then teams across them.
func (s *Server) addGroup(i, of int, people []string) error {
	name := fmt.Sprintf("Team %d", i+1)
	if i < len(departments) {
		name = departments[i]
	}
	var members []string
	for n := i; n < len(people); n += of {
		members = append(members, people[n])
	}
	return s.Add("CN="+name+","+s.StaffOU(), Attributes{
		"objectClass": {"group"}, "sAMAccountName": {name}, "groupType": {"-2147483646"},
		"mail": {strings.ReplaceAll(strings.ToLower(name), " ", "-") + "@" + s.tree.domain}, "member": members,
	})
}

// ascii is what a mail address makes of a name.
var ascii = func() func(string) string {
	plain := strings.NewReplacer("é", "e", "ë", "e", "ø", "o", "ü", "u", "í", "i", "ß", "ss", "ı", "i", "á", "a", "'", "", " ", "")
	return func(name string) string { return plain.Replace(strings.ToLower(strings.ReplaceAll(name, "Á", "á"))) }
}()
