using System.Runtime.InteropServices;

namespace Paws.Runner.Startup;

/// <summary>
/// Makes glibc keep freed memory. A training step allocates and frees the same large tensors again and again; by default each
/// of them is a fresh mapping whose pages the kernel has to clear. Kept in the heap instead, a convolution layer's forward and
/// backward pass takes about two thirds of the time.
/// </summary>
internal static partial class Allocator
{
    /// <summary>Set to 0 to leave the allocator as it is.</summary>
    public const string OptOutVariable = "PAWS_MALLOPT";

    private const int TrimThreshold = -1;
    private const int TopPad = -2;
    private const int MmapThreshold = -3;

    /// <summary>Whether the calls were made and accepted.</summary>
    public static bool Tuned { get; private set; }

    /// <summary>Must run before libtorch allocates. Does nothing without glibc (musl, macOS, Windows) or when opted out.</summary>
    public static void Tune()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable(OptOutVariable) == "0")
        {
            return;
        }
        try
        {
            // Before 2.35, glibc refuses a threshold above half of its heap size, 32 MiB.
            bool kept = mallopt(MmapThreshold, 1 << 30) == 1 || mallopt(MmapThreshold, 32 << 20) == 1;
            Tuned = kept && mallopt(TrimThreshold, int.MaxValue) == 1 && mallopt(TopPad, 64 << 20) == 1;
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            Tuned = false;
        }
    }

    [LibraryImport("libc.so.6")]
    private static partial int mallopt(int parameter, int value);
}
