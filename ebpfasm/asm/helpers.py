"""Generated."""

from __future__ import annotations

from ebpfasm.asm.jump import Helper

__all__ = [
    "FnBind",
    "FnBprmOptsSet",
    "FnBtfFindByNameKind",
    "FnCgrpStorageDelete",
    "FnCgrpStorageGet",
    "FnCheckMtu",
    "FnCloneRedirect",
    "FnCopyFromUser",
    "FnCopyFromUserTask",
    "FnCsumDiff",
    "FnCsumLevel",
    "FnCsumUpdate",
    "FnCurrentTaskUnderCgroup",
    "FnDPath",
    "FnDynptrData",
    "FnDynptrFromMem",
    "FnDynptrRead",
    "FnDynptrWrite",
    "FnFibLookup",
    "FnFindVma",
    "FnForEachMapElem",
    "FnGetAttachCookie",
    "FnGetBranchSnapshot",
    "FnGetCgroupClassid",
    "FnGetCurrentAncestorCgroupId",
    "FnGetCurrentCgroupId",
    "FnGetCurrentComm",
    "FnGetCurrentPidTgid",
    "FnGetCurrentTask",
    "FnGetCurrentTaskBtf",
    "FnGetCurrentUidGid",
    "FnGetFuncArg",
    "FnGetFuncArgCnt",
    "FnGetFuncIp",
    "FnGetFuncRet",
    "FnGetHashRecalc",
    "FnGetListenerSock",
    "FnGetLocalStorage",
    "FnGetNetnsCookie",
    "FnGetNsCurrentPidTgid",
    "FnGetNumaNodeId",
    "FnGetPrandomU32",
    "FnGetRetval",
    "FnGetRouteRealm",
    "FnGetSmpProcessorId",
    "FnGetSocketCookie",
    "FnGetSocketUid",
    "FnGetStack",
    "FnGetStackid",
    "FnGetTaskStack",
    "FnGetsockopt",
    "FnImaFileHash",
    "FnImaInodeHash",
    "FnInodeStorageDelete",
    "FnInodeStorageGet",
    "FnJiffies64",
    "FnKallsymsLookupName",
    "FnKptrXchg",
    "FnKtimeGetBootNs",
    "FnKtimeGetCoarseNs",
    "FnKtimeGetNs",
    "FnKtimeGetTaiNs",
    "FnL3CsumReplace",
    "FnL4CsumReplace",
    "FnLoadHdrOpt",
    "FnLoop",
    "FnLwtPushEncap",
    "FnLwtSeg6Action",
    "FnLwtSeg6AdjustSrh",
    "FnLwtSeg6StoreBytes",
    "FnMapDeleteElem",
    "FnMapLookupElem",
    "FnMapLookupPercpuElem",
    "FnMapPeekElem",
    "FnMapPopElem",
    "FnMapPushElem",
    "FnMapUpdateElem",
    "FnMsgApplyBytes",
    "FnMsgCorkBytes",
    "FnMsgPopData",
    "FnMsgPullData",
    "FnMsgPushData",
    "FnMsgRedirectHash",
    "FnMsgRedirectMap",
    "FnOverrideReturn",
    "FnPerCpuPtr",
    "FnPerfEventOutput",
    "FnPerfEventRead",
    "FnPerfEventReadValue",
    "FnPerfProgReadValue",
    "FnProbeRead",
    "FnProbeReadKernel",
    "FnProbeReadKernelStr",
    "FnProbeReadStr",
    "FnProbeReadUser",
    "FnProbeReadUserStr",
    "FnProbeWriteUser",
    "FnRcKeydown",
    "FnRcPointerRel",
    "FnRcRepeat",
    "FnReadBranchRecords",
    "FnRedirect",
    "FnRedirectMap",
    "FnRedirectNeigh",
    "FnRedirectPeer",
    "FnReserveHdrOpt",
    "FnRingbufDiscard",
    "FnRingbufDiscardDynptr",
    "FnRingbufOutput",
    "FnRingbufQuery",
    "FnRingbufReserve",
    "FnRingbufReserveDynptr",
    "FnRingbufSubmit",
    "FnRingbufSubmitDynptr",
    "FnSendSignal",
    "FnSendSignalThread",
    "FnSeqPrintf",
    "FnSeqPrintfBtf",
    "FnSeqWrite",
    "FnSetHash",
    "FnSetHashInvalid",
    "FnSetRetval",
    "FnSetsockopt",
    "FnSkAncestorCgroupId",
    "FnSkAssign",
    "FnSkCgroupId",
    "FnSkFullsock",
    "FnSkLookupTcp",
    "FnSkLookupUdp",
    "FnSkRedirectHash",
    "FnSkRedirectMap",
    "FnSkRelease",
    "FnSkSelectReuseport",
    "FnSkStorageDelete",
    "FnSkStorageGet",
    "FnSkbAdjustRoom",
    "FnSkbAncestorCgroupId",
    "FnSkbCgroupClassid",
    "FnSkbCgroupId",
    "FnSkbChangeHead",
    "FnSkbChangeProto",
    "FnSkbChangeTail",
    "FnSkbChangeType",
    "FnSkbEcnSetCe",
    "FnSkbGetTunnelKey",
    "FnSkbGetTunnelOpt",
    "FnSkbGetXfrmState",
    "FnSkbLoadBytes",
    "FnSkbLoadBytesRelative",
    "FnSkbOutput",
    "FnSkbPullData",
    "FnSkbSetTstamp",
    "FnSkbSetTunnelKey",
    "FnSkbSetTunnelOpt",
    "FnSkbStoreBytes",
    "FnSkbUnderCgroup",
    "FnSkbVlanPop",
    "FnSkbVlanPush",
    "FnSkcLookupTcp",
    "FnSkcToMptcpSock",
    "FnSkcToTcp6Sock",
    "FnSkcToTcpRequestSock",
    "FnSkcToTcpSock",
    "FnSkcToTcpTimewaitSock",
    "FnSkcToUdp6Sock",
    "FnSkcToUnixSock",
    "FnSnprintf",
    "FnSnprintfBtf",
    "FnSockFromFile",
    "FnSockHashUpdate",
    "FnSockMapUpdate",
    "FnSockOpsCbFlagsSet",
    "FnSpinLock",
    "FnSpinUnlock",
    "FnStoreHdrOpt",
    "FnStrncmp",
    "FnStrtol",
    "FnStrtoul",
    "FnSysBpf",
    "FnSysClose",
    "FnSysctlGetCurrentValue",
    "FnSysctlGetName",
    "FnSysctlGetNewValue",
    "FnSysctlSetNewValue",
    "FnTailCall",
    "FnTaskPtRegs",
    "FnTaskStorageDelete",
    "FnTaskStorageGet",
    "FnTcpCheckSyncookie",
    "FnTcpGenSyncookie",
    "FnTcpRawCheckSyncookieIpv4",
    "FnTcpRawCheckSyncookieIpv6",
    "FnTcpRawGenSyncookieIpv4",
    "FnTcpRawGenSyncookieIpv6",
    "FnTcpSendAck",
    "FnTcpSock",
    "FnThisCpuPtr",
    "FnTimerCancel",
    "FnTimerInit",
    "FnTimerSetCallback",
    "FnTimerStart",
    "FnTracePrintk",
    "FnTraceVprintk",
    "FnUnspec",
    "FnUserRingbufDrain",
    "FnXdpAdjustHead",
    "FnXdpAdjustMeta",
    "FnXdpAdjustTail",
    "FnXdpGetBuffLen",
    "FnXdpLoadBytes",
    "FnXdpOutput",
    "FnXdpStoreBytes",
]

FnUnspec = Helper("FnUnspec", 0, "bpf_unspec")
FnMapLookupElem = Helper("FnMapLookupElem", 1, "bpf_map_lookup_elem")
FnMapUpdateElem = Helper("FnMapUpdateElem", 2, "bpf_map_update_elem")
FnMapDeleteElem = Helper("FnMapDeleteElem", 3, "bpf_map_delete_elem")
FnProbeRead = Helper("FnProbeRead", 4, "bpf_probe_read")
FnKtimeGetNs = Helper("FnKtimeGetNs", 5, "bpf_ktime_get_ns")
FnTracePrintk = Helper("FnTracePrintk", 6, "bpf_trace_printk")
FnGetPrandomU32 = Helper("FnGetPrandomU32", 7, "bpf_get_prandom_u32")
FnGetSmpProcessorId = Helper("FnGetSmpProcessorId", 8, "bpf_get_smp_processor_id")
FnSkbStoreBytes = Helper("FnSkbStoreBytes", 9, "bpf_skb_store_bytes")
FnL3CsumReplace = Helper("FnL3CsumReplace", 10, "bpf_l3_csum_replace")
FnL4CsumReplace = Helper("FnL4CsumReplace", 11, "bpf_l4_csum_replace")
FnTailCall = Helper("FnTailCall", 12, "bpf_tail_call")
FnCloneRedirect = Helper("FnCloneRedirect", 13, "bpf_clone_redirect")
FnGetCurrentPidTgid = Helper("FnGetCurrentPidTgid", 14, "bpf_get_current_pid_tgid")
FnGetCurrentUidGid = Helper("FnGetCurrentUidGid", 15, "bpf_get_current_uid_gid")
FnGetCurrentComm = Helper("FnGetCurrentComm", 16, "bpf_get_current_comm")
FnGetCgroupClassid = Helper("FnGetCgroupClassid", 17, "bpf_get_cgroup_classid")
FnSkbVlanPush = Helper("FnSkbVlanPush", 18, "bpf_skb_vlan_push")
FnSkbVlanPop = Helper("FnSkbVlanPop", 19, "bpf_skb_vlan_pop")
FnSkbGetTunnelKey = Helper("FnSkbGetTunnelKey", 20, "bpf_skb_get_tunnel_key")
FnSkbSetTunnelKey = Helper("FnSkbSetTunnelKey", 21, "bpf_skb_set_tunnel_key")
FnPerfEventRead = Helper("FnPerfEventRead", 22, "bpf_perf_event_read")
FnRedirect = Helper("FnRedirect", 23, "bpf_redirect")
FnGetRouteRealm = Helper("FnGetRouteRealm", 24, "bpf_get_route_realm")
FnPerfEventOutput = Helper("FnPerfEventOutput", 25, "bpf_perf_event_output")
FnSkbLoadBytes = Helper("FnSkbLoadBytes", 26, "bpf_skb_load_bytes")
FnGetStackid = Helper("FnGetStackid", 27, "bpf_get_stackid")
FnCsumDiff = Helper("FnCsumDiff", 28, "bpf_csum_diff")
FnSkbGetTunnelOpt = Helper("FnSkbGetTunnelOpt", 29, "bpf_skb_get_tunnel_opt")
FnSkbSetTunnelOpt = Helper("FnSkbSetTunnelOpt", 30, "bpf_skb_set_tunnel_opt")
FnSkbChangeProto = Helper("FnSkbChangeProto", 31, "bpf_skb_change_proto")
FnSkbChangeType = Helper("FnSkbChangeType", 32, "bpf_skb_change_type")
FnSkbUnderCgroup = Helper("FnSkbUnderCgroup", 33, "bpf_skb_under_cgroup")
FnGetHashRecalc = Helper("FnGetHashRecalc", 34, "bpf_get_hash_recalc")
FnGetCurrentTask = Helper("FnGetCurrentTask", 35, "bpf_get_current_task")
FnProbeWriteUser = Helper("FnProbeWriteUser", 36, "bpf_probe_write_user")
FnCurrentTaskUnderCgroup = Helper("FnCurrentTaskUnderCgroup", 37, "bpf_current_task_under_cgroup")
FnSkbChangeTail = Helper("FnSkbChangeTail", 38, "bpf_skb_change_tail")
FnSkbPullData = Helper("FnSkbPullData", 39, "bpf_skb_pull_data")
FnCsumUpdate = Helper("FnCsumUpdate", 40, "bpf_csum_update")
FnSetHashInvalid = Helper("FnSetHashInvalid", 41, "bpf_set_hash_invalid")
FnGetNumaNodeId = Helper("FnGetNumaNodeId", 42, "bpf_get_numa_node_id")
FnSkbChangeHead = Helper("FnSkbChangeHead", 43, "bpf_skb_change_head")
FnXdpAdjustHead = Helper("FnXdpAdjustHead", 44, "bpf_xdp_adjust_head")
FnProbeReadStr = Helper("FnProbeReadStr", 45, "bpf_probe_read_str")
FnGetSocketCookie = Helper("FnGetSocketCookie", 46, "bpf_get_socket_cookie")
FnGetSocketUid = Helper("FnGetSocketUid", 47, "bpf_get_socket_uid")
FnSetHash = Helper("FnSetHash", 48, "bpf_set_hash")
FnSetsockopt = Helper("FnSetsockopt", 49, "bpf_setsockopt")
FnSkbAdjustRoom = Helper("FnSkbAdjustRoom", 50, "bpf_skb_adjust_room")
FnRedirectMap = Helper("FnRedirectMap", 51, "bpf_redirect_map")
FnSkRedirectMap = Helper("FnSkRedirectMap", 52, "bpf_sk_redirect_map")
FnSockMapUpdate = Helper("FnSockMapUpdate", 53, "bpf_sock_map_update")
FnXdpAdjustMeta = Helper("FnXdpAdjustMeta", 54, "bpf_xdp_adjust_meta")
FnPerfEventReadValue = Helper("FnPerfEventReadValue", 55, "bpf_perf_event_read_value")
FnPerfProgReadValue = Helper("FnPerfProgReadValue", 56, "bpf_perf_prog_read_value")
FnGetsockopt = Helper("FnGetsockopt", 57, "bpf_getsockopt")
FnOverrideReturn = Helper("FnOverrideReturn", 58, "bpf_override_return")
FnSockOpsCbFlagsSet = Helper("FnSockOpsCbFlagsSet", 59, "bpf_sock_ops_cb_flags_set")
FnMsgRedirectMap = Helper("FnMsgRedirectMap", 60, "bpf_msg_redirect_map")
FnMsgApplyBytes = Helper("FnMsgApplyBytes", 61, "bpf_msg_apply_bytes")
FnMsgCorkBytes = Helper("FnMsgCorkBytes", 62, "bpf_msg_cork_bytes")
FnMsgPullData = Helper("FnMsgPullData", 63, "bpf_msg_pull_data")
FnBind = Helper("FnBind", 64, "bpf_bind")
FnXdpAdjustTail = Helper("FnXdpAdjustTail", 65, "bpf_xdp_adjust_tail")
FnSkbGetXfrmState = Helper("FnSkbGetXfrmState", 66, "bpf_skb_get_xfrm_state")
FnGetStack = Helper("FnGetStack", 67, "bpf_get_stack")
FnSkbLoadBytesRelative = Helper("FnSkbLoadBytesRelative", 68, "bpf_skb_load_bytes_relative")
FnFibLookup = Helper("FnFibLookup", 69, "bpf_fib_lookup")
FnSockHashUpdate = Helper("FnSockHashUpdate", 70, "bpf_sock_hash_update")
FnMsgRedirectHash = Helper("FnMsgRedirectHash", 71, "bpf_msg_redirect_hash")
FnSkRedirectHash = Helper("FnSkRedirectHash", 72, "bpf_sk_redirect_hash")
FnLwtPushEncap = Helper("FnLwtPushEncap", 73, "bpf_lwt_push_encap")
FnLwtSeg6StoreBytes = Helper("FnLwtSeg6StoreBytes", 74, "bpf_lwt_seg6_store_bytes")
FnLwtSeg6AdjustSrh = Helper("FnLwtSeg6AdjustSrh", 75, "bpf_lwt_seg6_adjust_srh")
FnLwtSeg6Action = Helper("FnLwtSeg6Action", 76, "bpf_lwt_seg6_action")
FnRcRepeat = Helper("FnRcRepeat", 77, "bpf_rc_repeat")
FnRcKeydown = Helper("FnRcKeydown", 78, "bpf_rc_keydown")
FnSkbCgroupId = Helper("FnSkbCgroupId", 79, "bpf_skb_cgroup_id")
FnGetCurrentCgroupId = Helper("FnGetCurrentCgroupId", 80, "bpf_get_current_cgroup_id")
FnGetLocalStorage = Helper("FnGetLocalStorage", 81, "bpf_get_local_storage")
FnSkSelectReuseport = Helper("FnSkSelectReuseport", 82, "bpf_sk_select_reuseport")
FnSkbAncestorCgroupId = Helper("FnSkbAncestorCgroupId", 83, "bpf_skb_ancestor_cgroup_id")
FnSkLookupTcp = Helper("FnSkLookupTcp", 84, "bpf_sk_lookup_tcp")
FnSkLookupUdp = Helper("FnSkLookupUdp", 85, "bpf_sk_lookup_udp")
FnSkRelease = Helper("FnSkRelease", 86, "bpf_sk_release")
FnMapPushElem = Helper("FnMapPushElem", 87, "bpf_map_push_elem")
FnMapPopElem = Helper("FnMapPopElem", 88, "bpf_map_pop_elem")
FnMapPeekElem = Helper("FnMapPeekElem", 89, "bpf_map_peek_elem")
FnMsgPushData = Helper("FnMsgPushData", 90, "bpf_msg_push_data")
FnMsgPopData = Helper("FnMsgPopData", 91, "bpf_msg_pop_data")
FnRcPointerRel = Helper("FnRcPointerRel", 92, "bpf_rc_pointer_rel")
FnSpinLock = Helper("FnSpinLock", 93, "bpf_spin_lock")
FnSpinUnlock = Helper("FnSpinUnlock", 94, "bpf_spin_unlock")
FnSkFullsock = Helper("FnSkFullsock", 95, "bpf_sk_fullsock")
FnTcpSock = Helper("FnTcpSock", 96, "bpf_tcp_sock")
FnSkbEcnSetCe = Helper("FnSkbEcnSetCe", 97, "bpf_skb_ecn_set_ce")
FnGetListenerSock = Helper("FnGetListenerSock", 98, "bpf_get_listener_sock")
FnSkcLookupTcp = Helper("FnSkcLookupTcp", 99, "bpf_skc_lookup_tcp")
FnTcpCheckSyncookie = Helper("FnTcpCheckSyncookie", 100, "bpf_tcp_check_syncookie")
FnSysctlGetName = Helper("FnSysctlGetName", 101, "bpf_sysctl_get_name")
FnSysctlGetCurrentValue = Helper("FnSysctlGetCurrentValue", 102, "bpf_sysctl_get_current_value")
FnSysctlGetNewValue = Helper("FnSysctlGetNewValue", 103, "bpf_sysctl_get_new_value")
FnSysctlSetNewValue = Helper("FnSysctlSetNewValue", 104, "bpf_sysctl_set_new_value")
FnStrtol = Helper("FnStrtol", 105, "bpf_strtol")
FnStrtoul = Helper("FnStrtoul", 106, "bpf_strtoul")
FnSkStorageGet = Helper("FnSkStorageGet", 107, "bpf_sk_storage_get")
FnSkStorageDelete = Helper("FnSkStorageDelete", 108, "bpf_sk_storage_delete")
FnSendSignal = Helper("FnSendSignal", 109, "bpf_send_signal")
FnTcpGenSyncookie = Helper("FnTcpGenSyncookie", 110, "bpf_tcp_gen_syncookie")
FnSkbOutput = Helper("FnSkbOutput", 111, "bpf_skb_output")
FnProbeReadUser = Helper("FnProbeReadUser", 112, "bpf_probe_read_user")
FnProbeReadKernel = Helper("FnProbeReadKernel", 113, "bpf_probe_read_kernel")
FnProbeReadUserStr = Helper("FnProbeReadUserStr", 114, "bpf_probe_read_user_str")
FnProbeReadKernelStr = Helper("FnProbeReadKernelStr", 115, "bpf_probe_read_kernel_str")
FnTcpSendAck = Helper("FnTcpSendAck", 116, "bpf_tcp_send_ack")
FnSendSignalThread = Helper("FnSendSignalThread", 117, "bpf_send_signal_thread")
FnJiffies64 = Helper("FnJiffies64", 118, "bpf_jiffies64")
FnReadBranchRecords = Helper("FnReadBranchRecords", 119, "bpf_read_branch_records")
FnGetNsCurrentPidTgid = Helper("FnGetNsCurrentPidTgid", 120, "bpf_get_ns_current_pid_tgid")
FnXdpOutput = Helper("FnXdpOutput", 121, "bpf_xdp_output")
FnGetNetnsCookie = Helper("FnGetNetnsCookie", 122, "bpf_get_netns_cookie")
FnGetCurrentAncestorCgroupId = Helper("FnGetCurrentAncestorCgroupId", 123, "bpf_get_current_ancestor_cgroup_id")
FnSkAssign = Helper("FnSkAssign", 124, "bpf_sk_assign")
FnKtimeGetBootNs = Helper("FnKtimeGetBootNs", 125, "bpf_ktime_get_boot_ns")
FnSeqPrintf = Helper("FnSeqPrintf", 126, "bpf_seq_printf")
FnSeqWrite = Helper("FnSeqWrite", 127, "bpf_seq_write")
FnSkCgroupId = Helper("FnSkCgroupId", 128, "bpf_sk_cgroup_id")
FnSkAncestorCgroupId = Helper("FnSkAncestorCgroupId", 129, "bpf_sk_ancestor_cgroup_id")
FnRingbufOutput = Helper("FnRingbufOutput", 130, "bpf_ringbuf_output")
FnRingbufReserve = Helper("FnRingbufReserve", 131, "bpf_ringbuf_reserve")
FnRingbufSubmit = Helper("FnRingbufSubmit", 132, "bpf_ringbuf_submit")
FnRingbufDiscard = Helper("FnRingbufDiscard", 133, "bpf_ringbuf_discard")
FnRingbufQuery = Helper("FnRingbufQuery", 134, "bpf_ringbuf_query")
FnCsumLevel = Helper("FnCsumLevel", 135, "bpf_csum_level")
FnSkcToTcp6Sock = Helper("FnSkcToTcp6Sock", 136, "bpf_skc_to_tcp6_sock")
FnSkcToTcpSock = Helper("FnSkcToTcpSock", 137, "bpf_skc_to_tcp_sock")
FnSkcToTcpTimewaitSock = Helper("FnSkcToTcpTimewaitSock", 138, "bpf_skc_to_tcp_timewait_sock")
FnSkcToTcpRequestSock = Helper("FnSkcToTcpRequestSock", 139, "bpf_skc_to_tcp_request_sock")
FnSkcToUdp6Sock = Helper("FnSkcToUdp6Sock", 140, "bpf_skc_to_udp6_sock")
FnGetTaskStack = Helper("FnGetTaskStack", 141, "bpf_get_task_stack")
FnLoadHdrOpt = Helper("FnLoadHdrOpt", 142, "bpf_load_hdr_opt")
FnStoreHdrOpt = Helper("FnStoreHdrOpt", 143, "bpf_store_hdr_opt")
FnReserveHdrOpt = Helper("FnReserveHdrOpt", 144, "bpf_reserve_hdr_opt")
FnInodeStorageGet = Helper("FnInodeStorageGet", 145, "bpf_inode_storage_get")
FnInodeStorageDelete = Helper("FnInodeStorageDelete", 146, "bpf_inode_storage_delete")
FnDPath = Helper("FnDPath", 147, "bpf_d_path")
FnCopyFromUser = Helper("FnCopyFromUser", 148, "bpf_copy_from_user")
FnSnprintfBtf = Helper("FnSnprintfBtf", 149, "bpf_snprintf_btf")
FnSeqPrintfBtf = Helper("FnSeqPrintfBtf", 150, "bpf_seq_printf_btf")
FnSkbCgroupClassid = Helper("FnSkbCgroupClassid", 151, "bpf_skb_cgroup_classid")
FnRedirectNeigh = Helper("FnRedirectNeigh", 152, "bpf_redirect_neigh")
FnPerCpuPtr = Helper("FnPerCpuPtr", 153, "bpf_per_cpu_ptr")
FnThisCpuPtr = Helper("FnThisCpuPtr", 154, "bpf_this_cpu_ptr")
FnRedirectPeer = Helper("FnRedirectPeer", 155, "bpf_redirect_peer")
FnTaskStorageGet = Helper("FnTaskStorageGet", 156, "bpf_task_storage_get")
FnTaskStorageDelete = Helper("FnTaskStorageDelete", 157, "bpf_task_storage_delete")
FnGetCurrentTaskBtf = Helper("FnGetCurrentTaskBtf", 158, "bpf_get_current_task_btf")
FnBprmOptsSet = Helper("FnBprmOptsSet", 159, "bpf_bprm_opts_set")
FnKtimeGetCoarseNs = Helper("FnKtimeGetCoarseNs", 160, "bpf_ktime_get_coarse_ns")
FnImaInodeHash = Helper("FnImaInodeHash", 161, "bpf_ima_inode_hash")
FnSockFromFile = Helper("FnSockFromFile", 162, "bpf_sock_from_file")
FnCheckMtu = Helper("FnCheckMtu", 163, "bpf_check_mtu")
FnForEachMapElem = Helper("FnForEachMapElem", 164, "bpf_for_each_map_elem")
FnSnprintf = Helper("FnSnprintf", 165, "bpf_snprintf")
FnSysBpf = Helper("FnSysBpf", 166, "bpf_sys_bpf")
FnBtfFindByNameKind = Helper("FnBtfFindByNameKind", 167, "bpf_btf_find_by_name_kind")
FnSysClose = Helper("FnSysClose", 168, "bpf_sys_close")
FnTimerInit = Helper("FnTimerInit", 169, "bpf_timer_init")
FnTimerSetCallback = Helper("FnTimerSetCallback", 170, "bpf_timer_set_callback")
FnTimerStart = Helper("FnTimerStart", 171, "bpf_timer_start")
FnTimerCancel = Helper("FnTimerCancel", 172, "bpf_timer_cancel")
FnGetFuncIp = Helper("FnGetFuncIp", 173, "bpf_get_func_ip")
FnGetAttachCookie = Helper("FnGetAttachCookie", 174, "bpf_get_attach_cookie")
FnTaskPtRegs = Helper("FnTaskPtRegs", 175, "bpf_task_pt_regs")
FnGetBranchSnapshot = Helper("FnGetBranchSnapshot", 176, "bpf_get_branch_snapshot")
FnTraceVprintk = Helper("FnTraceVprintk", 177, "bpf_trace_vprintk")
FnSkcToUnixSock = Helper("FnSkcToUnixSock", 178, "bpf_skc_to_unix_sock")
FnKallsymsLookupName = Helper("FnKallsymsLookupName", 179, "bpf_kallsyms_lookup_name")
FnFindVma = Helper("FnFindVma", 180, "bpf_find_vma")
FnLoop = Helper("FnLoop", 181, "bpf_loop")
FnStrncmp = Helper("FnStrncmp", 182, "bpf_strncmp")
FnGetFuncArg = Helper("FnGetFuncArg", 183, "bpf_get_func_arg")
FnGetFuncRet = Helper("FnGetFuncRet", 184, "bpf_get_func_ret")
FnGetFuncArgCnt = Helper("FnGetFuncArgCnt", 185, "bpf_get_func_arg_cnt")
FnGetRetval = Helper("FnGetRetval", 186, "bpf_get_retval")
FnSetRetval = Helper("FnSetRetval", 187, "bpf_set_retval")
FnXdpGetBuffLen = Helper("FnXdpGetBuffLen", 188, "bpf_xdp_get_buff_len")
FnXdpLoadBytes = Helper("FnXdpLoadBytes", 189, "bpf_xdp_load_bytes")
FnXdpStoreBytes = Helper("FnXdpStoreBytes", 190, "bpf_xdp_store_bytes")
FnCopyFromUserTask = Helper("FnCopyFromUserTask", 191, "bpf_copy_from_user_task")
FnSkbSetTstamp = Helper("FnSkbSetTstamp", 192, "bpf_skb_set_tstamp")
FnImaFileHash = Helper("FnImaFileHash", 193, "bpf_ima_file_hash")
FnKptrXchg = Helper("FnKptrXchg", 194, "bpf_kptr_xchg")
FnMapLookupPercpuElem = Helper("FnMapLookupPercpuElem", 195, "bpf_map_lookup_percpu_elem")
FnSkcToMptcpSock = Helper("FnSkcToMptcpSock", 196, "bpf_skc_to_mptcp_sock")
FnDynptrFromMem = Helper("FnDynptrFromMem", 197, "bpf_dynptr_from_mem")
FnRingbufReserveDynptr = Helper("FnRingbufReserveDynptr", 198, "bpf_ringbuf_reserve_dynptr")
FnRingbufSubmitDynptr = Helper("FnRingbufSubmitDynptr", 199, "bpf_ringbuf_submit_dynptr")
FnRingbufDiscardDynptr = Helper("FnRingbufDiscardDynptr", 200, "bpf_ringbuf_discard_dynptr")
FnDynptrRead = Helper("FnDynptrRead", 201, "bpf_dynptr_read")
FnDynptrWrite = Helper("FnDynptrWrite", 202, "bpf_dynptr_write")
FnDynptrData = Helper("FnDynptrData", 203, "bpf_dynptr_data")
FnTcpRawGenSyncookieIpv4 = Helper("FnTcpRawGenSyncookieIpv4", 204, "bpf_tcp_raw_gen_syncookie_ipv4")
FnTcpRawGenSyncookieIpv6 = Helper("FnTcpRawGenSyncookieIpv6", 205, "bpf_tcp_raw_gen_syncookie_ipv6")
FnTcpRawCheckSyncookieIpv4 = Helper("FnTcpRawCheckSyncookieIpv4", 206, "bpf_tcp_raw_check_syncookie_ipv4")
FnTcpRawCheckSyncookieIpv6 = Helper("FnTcpRawCheckSyncookieIpv6", 207, "bpf_tcp_raw_check_syncookie_ipv6")
FnKtimeGetTaiNs = Helper("FnKtimeGetTaiNs", 208, "bpf_ktime_get_tai_ns")
FnUserRingbufDrain = Helper("FnUserRingbufDrain", 209, "bpf_user_ringbuf_drain")
FnCgrpStorageGet = Helper("FnCgrpStorageGet", 210, "bpf_cgrp_storage_get")
FnCgrpStorageDelete = Helper("FnCgrpStorageDelete", 211, "bpf_cgrp_storage_delete")

HELPERS = (
    FnUnspec,
    FnMapLookupElem,
    FnMapUpdateElem,
    FnMapDeleteElem,
    FnProbeRead,
    FnKtimeGetNs,
    FnTracePrintk,
    FnGetPrandomU32,
    FnGetSmpProcessorId,
    FnSkbStoreBytes,
    FnL3CsumReplace,
    FnL4CsumReplace,
    FnTailCall,
    FnCloneRedirect,
    FnGetCurrentPidTgid,
    FnGetCurrentUidGid,
    FnGetCurrentComm,
    FnGetCgroupClassid,
    FnSkbVlanPush,
    FnSkbVlanPop,
    FnSkbGetTunnelKey,
    FnSkbSetTunnelKey,
    FnPerfEventRead,
    FnRedirect,
    FnGetRouteRealm,
    FnPerfEventOutput,
    FnSkbLoadBytes,
    FnGetStackid,
    FnCsumDiff,
    FnSkbGetTunnelOpt,
    FnSkbSetTunnelOpt,
    FnSkbChangeProto,
    FnSkbChangeType,
    FnSkbUnderCgroup,
    FnGetHashRecalc,
    FnGetCurrentTask,
    FnProbeWriteUser,
    FnCurrentTaskUnderCgroup,
    FnSkbChangeTail,
    FnSkbPullData,
    FnCsumUpdate,
    FnSetHashInvalid,
    FnGetNumaNodeId,
    FnSkbChangeHead,
    FnXdpAdjustHead,
    FnProbeReadStr,
    FnGetSocketCookie,
    FnGetSocketUid,
    FnSetHash,
    FnSetsockopt,
    FnSkbAdjustRoom,
    FnRedirectMap,
    FnSkRedirectMap,
    FnSockMapUpdate,
    FnXdpAdjustMeta,
    FnPerfEventReadValue,
    FnPerfProgReadValue,
    FnGetsockopt,
    FnOverrideReturn,
    FnSockOpsCbFlagsSet,
    FnMsgRedirectMap,
    FnMsgApplyBytes,
    FnMsgCorkBytes,
    FnMsgPullData,
    FnBind,
    FnXdpAdjustTail,
    FnSkbGetXfrmState,
    FnGetStack,
    FnSkbLoadBytesRelative,
    FnFibLookup,
    FnSockHashUpdate,
    FnMsgRedirectHash,
    FnSkRedirectHash,
    FnLwtPushEncap,
    FnLwtSeg6StoreBytes,
    FnLwtSeg6AdjustSrh,
    FnLwtSeg6Action,
    FnRcRepeat,
    FnRcKeydown,
    FnSkbCgroupId,
    FnGetCurrentCgroupId,
    FnGetLocalStorage,
    FnSkSelectReuseport,
    FnSkbAncestorCgroupId,
    FnSkLookupTcp,
    FnSkLookupUdp,
    FnSkRelease,
    FnMapPushElem,
    FnMapPopElem,
    FnMapPeekElem,
    FnMsgPushData,
    FnMsgPopData,
    FnRcPointerRel,
    FnSpinLock,
    FnSpinUnlock,
    FnSkFullsock,
    FnTcpSock,
    FnSkbEcnSetCe,
    FnGetListenerSock,
    FnSkcLookupTcp,
    FnTcpCheckSyncookie,
    FnSysctlGetName,
    FnSysctlGetCurrentValue,
    FnSysctlGetNewValue,
    FnSysctlSetNewValue,
    FnStrtol,
    FnStrtoul,
    FnSkStorageGet,
    FnSkStorageDelete,
    FnSendSignal,
    FnTcpGenSyncookie,
    FnSkbOutput,
    FnProbeReadUser,
    FnProbeReadKernel,
    FnProbeReadUserStr,
    FnProbeReadKernelStr,
    FnTcpSendAck,
    FnSendSignalThread,
    FnJiffies64,
    FnReadBranchRecords,
    FnGetNsCurrentPidTgid,
    FnXdpOutput,
    FnGetNetnsCookie,
    FnGetCurrentAncestorCgroupId,
    FnSkAssign,
    FnKtimeGetBootNs,
    FnSeqPrintf,
    FnSeqWrite,
    FnSkCgroupId,
    FnSkAncestorCgroupId,
    FnRingbufOutput,
    FnRingbufReserve,
    FnRingbufSubmit,
    FnRingbufDiscard,
    FnRingbufQuery,
    FnCsumLevel,
    FnSkcToTcp6Sock,
    FnSkcToTcpSock,
    FnSkcToTcpTimewaitSock,
    FnSkcToTcpRequestSock,
    FnSkcToUdp6Sock,
    FnGetTaskStack,
    FnLoadHdrOpt,
    FnStoreHdrOpt,
    FnReserveHdrOpt,
    FnInodeStorageGet,
    FnInodeStorageDelete,
    FnDPath,
    FnCopyFromUser,
    FnSnprintfBtf,
    FnSeqPrintfBtf,
    FnSkbCgroupClassid,
    FnRedirectNeigh,
    FnPerCpuPtr,
    FnThisCpuPtr,
    FnRedirectPeer,
    FnTaskStorageGet,
    FnTaskStorageDelete,
    FnGetCurrentTaskBtf,
    FnBprmOptsSet,
    FnKtimeGetCoarseNs,
    FnImaInodeHash,
    FnSockFromFile,
    FnCheckMtu,
    FnForEachMapElem,
    FnSnprintf,
    FnSysBpf,
    FnBtfFindByNameKind,
    FnSysClose,
    FnTimerInit,
    FnTimerSetCallback,
    FnTimerStart,
    FnTimerCancel,
    FnGetFuncIp,
    FnGetAttachCookie,
    FnTaskPtRegs,
    FnGetBranchSnapshot,
    FnTraceVprintk,
    FnSkcToUnixSock,
    FnKallsymsLookupName,
    FnFindVma,
    FnLoop,
    FnStrncmp,
    FnGetFuncArg,
    FnGetFuncRet,
    FnGetFuncArgCnt,
    FnGetRetval,
    FnSetRetval,
    FnXdpGetBuffLen,
    FnXdpLoadBytes,
    FnXdpStoreBytes,
    FnCopyFromUserTask,
    FnSkbSetTstamp,
    FnImaFileHash,
    FnKptrXchg,
    FnMapLookupPercpuElem,
    FnSkcToMptcpSock,
    FnDynptrFromMem,
    FnRingbufReserveDynptr,
    FnRingbufSubmitDynptr,
    FnRingbufDiscardDynptr,
    FnDynptrRead,
    FnDynptrWrite,
    FnDynptrData,
    FnTcpRawGenSyncookieIpv4,
    FnTcpRawGenSyncookieIpv6,
    FnTcpRawCheckSyncookieIpv4,
    FnTcpRawCheckSyncookieIpv6,
    FnKtimeGetTaiNs,
    FnUserRingbufDrain,
    FnCgrpStorageGet,
    FnCgrpStorageDelete,
)
