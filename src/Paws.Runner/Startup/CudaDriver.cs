using System.Runtime.InteropServices;

namespace Paws.Runner.Startup;

/// <summary>What NVIDIA's driver says of a GPU; TorchSharp has no name for it.</summary>
internal static unsafe class CudaDriver
{
    private const int LongestName = 256;

    private static string Library => OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";

    /// <summary>Whether the driver's library is installed.</summary>
    public static bool IsInstalled()
    {
        if (!NativeLibrary.TryLoad(Library, out nint driver))
        {
            return false;
        }
        NativeLibrary.Free(driver);
        return true;
    }

    /// <summary>
    /// Tells NVIDIA's profilers where a measured stretch begins (<paramref name="starts"/>) or ends, for those that were started to wait for it
    /// (<c>ncu --profile-from-start off</c>). Without a driver, or a profiler, nothing happens.
    /// </summary>
    public static void MarkProfile(bool starts)
    {
        if (!NativeLibrary.TryLoad(Library, out nint driver))
        {
            return;
        }
        try
        {
            // int cuProfilerStart(), cuProfilerStop(); what they answer without a profiler is no matter here.
            if (NativeLibrary.TryGetExport(driver, starts ? "cuProfilerStart" : "cuProfilerStop", out nint mark))
            {
                _ = ((delegate* unmanaged<int>)mark)();
            }
        }
        finally
        {
            NativeLibrary.Free(driver);
        }
    }

    /// <summary>The product's name of GPU <paramref name="index"/> as the process counts them, such as "NVIDIA H200"; null where the driver does not tell.</summary>
    public static string? NameOf(int index)
    {
        if (!NativeLibrary.TryLoad(Library, out nint driver))
        {
            return null;
        }
        try
        {
            if (
                !NativeLibrary.TryGetExport(driver, "cuInit", out nint initialise)
                || !NativeLibrary.TryGetExport(driver, "cuDeviceGet", out nint find)
                || !NativeLibrary.TryGetExport(driver, "cuDeviceGetName", out nint name)
            )
            {
                return null;
            }
            // int cuInit(unsigned flags), cuDeviceGet(int* device, int ordinal), cuDeviceGetName(char* name, int length, int device); 0 is success.
            int device;
            var text = stackalloc byte[LongestName];
            return
                ((delegate* unmanaged<uint, int>)initialise)(0) == 0
                && ((delegate* unmanaged<int*, int, int>)find)(&device, index) == 0
                && ((delegate* unmanaged<byte*, int, int, int>)name)(text, LongestName, device) == 0
                ? Marshal.PtrToStringUTF8((nint)text)
                : null;
        }
        finally
        {
            NativeLibrary.Free(driver);
        }
    }
}
