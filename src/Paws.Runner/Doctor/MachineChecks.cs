using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Paws.Kernels;
using Spectre.Console;

namespace Paws.Runner.Doctor;

/// <summary>What can be told about the machine without any library of ours.</summary>
internal static class MachineChecks
{
    private const double GiB = 1024.0 * 1024 * 1024;

    /// <summary>Every check, in the order of display.</summary>
    /// <param name="outDirectory">Where runs would go, for the free space there.</param>
    /// <param name="console">The console, for what it can show.</param>
    public static IEnumerable<Finding> All(string outDirectory, IAnsiConsole console)
    {
        yield return new Finding(".NET", FindingState.Fine, RuntimeInformation.FrameworkDescription);
        yield return OperatingSystemAndLibc();
        yield return Cores();
        yield return Bf16();
        yield return Memory();
        yield return Disk(outDirectory);
        yield return Terminal(console);
    }

    private static Finding OperatingSystemAndLibc()
    {
        string libc = Glibc() is { } version ? $", glibc {version}" : "";
        string found = $"{RuntimeInformation.OSDescription} ({RuntimeInformation.RuntimeIdentifier}){libc}";
        bool musl = OperatingSystem.IsLinux() && Glibc() is null;
        return musl
            ? new Finding(
                "system",
                FindingState.Missing,
                $"{found}, no glibc",
                "libtorch needs glibc: use a Debian, Ubuntu or Fedora image, not Alpine"
            )
            : new Finding("system", FindingState.Fine, found);
    }

    private static Finding Cores()
    {
        string features = CpuFeatures.Names is { Count: > 0 } names ? string.Join(" ", names) : "no vector instructions known to us";
        string found = $"{Environment.ProcessorCount} cores, {features}";
        return Environment.ProcessorCount >= 2
            ? new Finding("processor", FindingState.Fine, found)
            : new Finding("processor", FindingState.Optional, found, "one core shares training and data loading: expect half the speed");
    }

    private static Finding Bf16() =>
        CpuFeatures.HasNativeBf16 && KernelSupport.WhyNot is { } reason
            ? new Finding(
                "bf16",
                FindingState.Optional,
                $"native, but without Paws's own kernels: {reason}",
                "nothing to do; libtorch's take half as long again"
            )
        : CpuFeatures.HasNativeBf16
            ? new Finding("bf16", FindingState.Fine, "native: meta.use_fp16 computes in bf16 at two to three times the speed of fp32")
        : new Finding(
            "bf16",
            FindingState.Optional,
            "not native on this processor: training computes in fp32",
            "nothing to do; expect a longer run"
        );

    private static Finding Memory()
    {
        double gib = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / GiB;
        string found = string.Create(CultureInfo.InvariantCulture, $"{gib:0.0} GiB");
        return gib >= 3
            ? new Finding("memory", FindingState.Fine, found)
            : new Finding("memory", FindingState.Optional, found, "below 3 GiB: use --set criterion.unsupervised_batch_size=32");
    }

    private static Finding Disk(string outDirectory)
    {
        string full = Path.GetFullPath(outDirectory);
        string existing = full;
        while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is { } parent)
        {
            existing = parent;
        }
        try
        {
            double gib = new DriveInfo(existing).AvailableFreeSpace / GiB;
            string found = string.Create(CultureInfo.InvariantCulture, $"{gib:0.0} GiB free in {existing}");
            return gib switch
            {
                >= 1 => new Finding("disk", FindingState.Fine, found),
                >= 0.1 => new Finding("disk", FindingState.Optional, found, "below 1 GiB: free space, or put the run elsewhere with --out"),
                _ => new Finding("disk", FindingState.Missing, found, "free space, or put the run elsewhere with --out"),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new Finding("disk", FindingState.Optional, $"free space of {existing} cannot be told", "make sure that 1 GiB is free");
        }
    }

    private static Finding Terminal(IAnsiConsole console)
    {
        var capabilities = console.Profile.Capabilities;
        return new Finding(
            "terminal",
            FindingState.Fine,
            capabilities is { Interactive: true, Ansi: true }
                ? $"interactive, {console.Profile.Width} columns: progress as a moving bar"
                : "none or piped: progress as plain lines"
        );
    }

    private static string? Glibc()
    {
        if (!OperatingSystem.IsLinux() || !NativeLibrary.TryLoad("libc.so.6", out nint libc))
        {
            return null;
        }
        return NativeLibrary.TryGetExport(libc, "gnu_get_libc_version", out nint address)
            ? Marshal.PtrToStringUTF8(Marshal.GetDelegateForFunctionPointer<VersionFunction>(address)())
            : null;
    }

    private delegate nint VersionFunction();
}

/// <summary>The processor's vector instructions.</summary>
internal static class CpuFeatures
{
    /// <summary>Those that matter for training, as the vendors name them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Read()];

    /// <summary>Whether the processor multiplies bf16 numbers itself.</summary>
    public static bool HasNativeBf16 { get; } =
        X86Base.IsSupported ? KernelSupport.ProcessorMultipliesPairs || AmxBf16()
        : OperatingSystem.IsLinux() ? FlagsOfLinux().Contains("bf16")
        : OperatingSystem.IsMacOS() && ArmBase.Arm64.IsSupported;

    private static IEnumerable<string> Read()
    {
        if (Avx2.IsSupported)
        {
            yield return "AVX2";
        }
        if (Avx512F.IsSupported)
        {
            yield return "AVX512";
        }
        if (KernelSupport.ProcessorMultipliesPairs)
        {
            yield return "AVX512_BF16";
        }
        if (AmxBf16())
        {
            yield return "AMX_BF16";
        }
        if (AdvSimd.IsSupported)
        {
            yield return "NEON";
        }
    }

    /// <summary>CPUID leaf 7, sub-leaf 0, EDX bit 22.</summary>
    private static bool AmxBf16() => X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 0).Edx & (1 << 22)) != 0;

    private static HashSet<string> FlagsOfLinux()
    {
        try
        {
            string? line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("Features", StringComparison.Ordinal));
            return [.. line?.Split(' ') ?? []];
        }
        catch (IOException)
        {
            return [];
        }
    }
}
