; What debug information adds: lines, sections of it, names with ; and # in them.
source_filename = "t.c"
@g = dso_local global i32 0, align 4, !dbg !0
define dso_local i32 @f(ptr noundef %ctx) section "tc" !dbg !10 {
entry:
  #dbg_value(ptr %ctx, !15, !DIExpression(), !17)
  %v = load i32, ptr %ctx, align 4, !dbg !18
  %c = icmp sgt i32 %v, 3, !dbg !19
  br i1 %c, label %t, label %e, !dbg !20
t:
  %x = call i32 @h(i32 %v), !dbg !21
  br label %e, !dbg !22
e:
  %r = phi i32 [ 0, %entry ], [ %x, %t ]
  %w = load volatile i32, ptr @g, !dbg !23
  ret i32 %r, !dbg !24
}
define internal i32 @h(i32 %a) noinline !dbg !25 {
  %r = mul i32 %a, 7, !dbg !26
  ret i32 %r, !dbg !27
}
!llvm.dbg.cu = !{!2}
!llvm.module.flags = !{!6, !7, !8}
!llvm.ident = !{!9}
!0 = !DIGlobalVariableExpression(var: !1, expr: !DIExpression())
!1 = distinct !DIGlobalVariable(name: "g", scope: !2, file: !3, line: 1, type: !5, isLocal: false, isDefinition: true)
!2 = distinct !DICompileUnit(language: DW_LANG_C11, file: !3, producer: "a \22b\22; exit # c", isOptimized: true, runtimeVersion: 0, emissionKind: FullDebug, globals: !4)
!3 = !DIFile(filename: "t; r0 = 1.c", directory: "/tmp/a b", checksumkind: CSK_MD5, checksum: "0123456789abcdef0123456789abcdef")
!4 = !{!0}
!5 = !DIBasicType(name: "int", size: 32, encoding: DW_ATE_signed)
!6 = !{i32 7, !"Dwarf Version", i32 5}
!7 = !{i32 2, !"Debug Info Version", i32 3}
!8 = !{i32 1, !"wchar_size", i32 4}
!9 = !{!"clang version 19; r0 = 5"}
!10 = distinct !DISubprogram(name: "f", scope: !3, file: !3, line: 3, type: !11, scopeLine: 3, flags: DIFlagPrototyped, spFlags: DISPFlagDefinition | DISPFlagOptimized, unit: !2, retainedNodes: !14)
!11 = !DISubroutineType(types: !12)
!12 = !{!5, !13}
!13 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !5, size: 64)
!14 = !{!15}
!15 = !DILocalVariable(name: "ctx", arg: 1, scope: !10, file: !3, line: 3, type: !13)
!17 = !DILocation(line: 0, scope: !10)
!18 = !DILocation(line: 4, column: 7, scope: !10)
!19 = !DILocation(line: 5, column: 7, scope: !10)
!20 = !DILocation(line: 5, column: 3, scope: !10)
!21 = !DILocation(line: 6, column: 7, scope: !10)
!22 = !DILocation(line: 6, column: 7, scope: !10)
!23 = !DILocation(line: 7, column: 7, scope: !10)
!24 = !DILocation(line: 8, column: 7, scope: !10)
!25 = distinct !DISubprogram(name: "h", scope: !3, file: !3, line: 13, type: !11, scopeLine: 3, flags: DIFlagPrototyped, spFlags: DISPFlagDefinition | DISPFlagOptimized | DISPFlagLocalToUnit, unit: !2)
!26 = !DILocation(line: 14, column: 7, scope: !25)
!27 = !DILocation(line: 15, column: 7, scope: !25)
