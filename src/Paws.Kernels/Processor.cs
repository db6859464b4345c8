using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Paws.Kernels;

/// <summary>What the processor can do.</summary>
internal static class Processor
{
    /// <summary>Whether it has VDPBF16PS (AVX512_BF16), on a system whose calling convention the assembled functions follow.</summary>
    public static bool MultipliesPairs { get; } =
        OperatingSystem.IsLinux()
        && RuntimeInformation.ProcessArchitecture == Architecture.X64
        && Avx512F.IsSupported
        && Avx512BW.IsSupported
        && X86Base.CpuId(0, 0).Eax >= 7
        && X86Base.CpuId(7, 0).Eax >= 1
        && (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;
}
