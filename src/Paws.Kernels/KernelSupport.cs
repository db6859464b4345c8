using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Paws.Kernels;

/// <summary>Whether the kernels can be had on this machine.</summary>
public static class KernelSupport
{
    /// <summary>The environment variable that turns the kernels off, for comparison: <c>PAWS_KERNELS=off</c>.</summary>
    public const string Variable = "PAWS_KERNELS";

    private static readonly Lazy<string?> Reason = new(Find);

    /// <summary>Why there are none: libtorch's operations take their place. Null where there are.</summary>
    public static string? WhyNot => Reason.Value;

    /// <summary>Whether the processor multiplies pairs of bf16 numbers (AVX512_BF16): CPUID leaf 7, sub-leaf 1, EAX bit 5.</summary>
    public static bool ProcessorMultipliesPairs { get; } =
        X86Base.IsSupported
        && Avx512F.IsSupported
        && Avx512BW.IsSupported
        && X86Base.CpuId(0, 0).Eax >= 7
        && (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) == "off")
        {
            return $"{Variable}=off";
        }
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return "they are for Linux on x86-64";
        }
        if (!ProcessorMultipliesPairs)
        {
            return "the processor has no AVX512_BF16";
        }
        if ((X86Base.CpuId(7, 0).Edx & (1 << 22)) != 0)
        {
            return "the processor has AMX_BF16, which libtorch uses and they do not";
        }
        if (!Workers.Exist)
        {
            return "this libtorch does not use GNU's OpenMP";
        }
        return CanExecute();
    }

    /// <summary>Some hardened systems let no program execute what it wrote.</summary>
    private static unsafe string? CanExecute()
    {
        try
        {
            var nothing = new Assembler();
            nothing.Return();
            ((delegate* unmanaged<void>)ExecutableCode.Of(nothing.ToArray()))();
            return null;
        }
        catch (Win32Exception e)
        {
            return $"the system gives no executable memory ({e.Message})";
        }
    }
}
