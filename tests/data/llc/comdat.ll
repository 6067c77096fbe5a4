; Sections with odd names, and one in a group.
$c = comdat any
define linkonce_odr i32 @c(i32 %x) comdat {
 ret i32 %x
}
@d = linkonce_odr global i32 4, comdat($c)
define i32 @e(i32 %x) section "cgroup_skb/egress" {
 %r = call i32 @c(i32 %x)
 ret i32 %r
}
define i32 @f(i32 %x) section "name with blanks" {
 ret i32 %x
}
define i32 @g(i32 %x) section ".text" {
 ret i32 %x
}
define i32 @h(i32 %x) section "e:\22q\22" {
 ret i32 %x
}
