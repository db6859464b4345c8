using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Paws.Runner.Startup;

/// <summary>Everything that has to happen before libtorch is first used, and the devices it offers.</summary>
public static class LibTorch
{
    /// <summary>Names the torch/lib folder of an installed PyTorch, whose libtorch is used instead of the packaged one.</summary>
    public const string FolderVariable = "PAWS_LIBTORCH";

    private static readonly Lazy<bool> Prepared = new(PrepareOnce);

    /// <summary>The folder that PAWS_LIBTORCH names, or null.</summary>
    public static string? ExternalFolder => Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } folder ? folder : null;

    /// <summary>
    /// Tunes the allocator and loads an external libtorch, once in a process and before TorchSharp is touched.
    /// Further calls do nothing.
    /// </summary>
    /// <exception cref="UserErrorException">PAWS_LIBTORCH names a folder without a libtorch that can be loaded.</exception>
    public static void Prepare() => _ = Prepared.Value;

    /// <summary>The device called <c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>; auto is a GPU where there is one.</summary>
    /// <exception cref="UserErrorException">The name is none of these, the device is not there, or libtorch does not load.</exception>
    public static Device Resolve(string name)
    {
        Prepare();
        if (name == "cpu")
        {
            return new Device(DeviceType.CPU);
        }
        int index = 0;
        bool known = name is "auto" or "cuda" || (name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name[5..], out index));
        if (!known || index < 0)
        {
            throw new UserErrorException($"unknown device \"{name}\"; devices are auto, cpu, cuda and cuda:N");
        }
        int count = CudaDevices();
        if (name == "auto")
        {
            return count > 0 ? Cuda(0) : new Device(DeviceType.CPU);
        }
        if (count == 0)
        {
            throw new UserErrorException(
                $"device {name} is not there: {WhyNoCuda()}; use --device cpu, or run \"paws doctor\" for what to do"
            );
        }
        if (index >= count)
        {
            string there = count == 1 ? "only cuda:0" : $"cuda:0 to cuda:{count - 1}";
            throw new UserErrorException($"device {name} is not there: this machine has {there}");
        }
        return Cuda(index);
    }

    private static Device Cuda(int index)
    {
        LibTorchSwitches.LetCudnnTryAlgorithms();
        return new Device(DeviceType.CUDA, index);
    }

    /// <summary>Number of CUDA devices that libtorch can use; 0 without a CUDA build of libtorch or without a GPU.</summary>
    /// <exception cref="UserErrorException">libtorch does not load.</exception>
    public static int CudaDevices()
    {
        Prepare();
        try
        {
            return cuda.is_available() ? cuda.device_count() : 0;
        }
        catch (Exception e) when (e is TypeInitializationException or DllNotFoundException or NotSupportedException)
        {
            throw new UserErrorException($"libtorch does not load: {FirstLine(e)}; run \"paws doctor\" for what to do", e);
        }
    }

    /// <summary>Why there is no CUDA device: no driver, or a libtorch without CUDA.</summary>
    internal static string WhyNoCuda() => CudaDriver.IsInstalled() ? "this libtorch is built without CUDA" : "no NVIDIA driver was found";

    /// <summary>The innermost message's first line.</summary>
    internal static string FirstLine(Exception e)
    {
        while (e.InnerException is { } inner)
        {
            e = inner;
        }
        return e.Message.Split('\n', 2)[0].Trim().TrimEnd('.');
    }

    private static bool PrepareOnce()
    {
        Allocator.Tune();
        if (ExternalFolder is { } folder)
        {
            LoadExternal(folder);
        }
        return true;
    }

    private static void LoadExternal(string folder)
    {
        string prefix = OperatingSystem.IsWindows() ? "" : "lib";
        string suffix =
            OperatingSystem.IsWindows() ? ".dll"
            : OperatingSystem.IsMacOS() ? ".dylib"
            : ".so";
        string torchLibrary = Path.Combine(folder, $"{prefix}torch{suffix}");
        if (!File.Exists(torchLibrary))
        {
            throw new UserErrorException(
                $"{FolderVariable}={folder}: there is no {Path.GetFileName(torchLibrary)}; name the torch/lib folder of a PyTorch installation"
            );
        }
        string beside = Path.Combine(AppContext.BaseDirectory, Path.GetFileName(torchLibrary));
        if (File.Exists(beside))
        {
            throw new UserErrorException(
                $"{FolderVariable} is set, but this program carries a libtorch of its own; build it with -p:Torch=external, or unset {FolderVariable}"
            );
        }
        Load(torchLibrary);
        string cudaLibrary = Path.Combine(folder, $"{prefix}torch_cuda{suffix}");
        if (File.Exists(cudaLibrary))
        {
            Load(cudaLibrary);
            TryInitializeDeviceType(DeviceType.CUDA);
        }
    }

    private static void Load(string library)
    {
        try
        {
            NativeLibrary.Load(library);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new UserErrorException($"{FolderVariable}: {library} does not load: {FirstLine(e)}", e);
        }
    }
}
