using System.IO.Compression;
using static TorchSharp.torch;

namespace Paws.Runner.Checkpoints;

/// <summary>PyTorch's zip form: one folder with the pickle <c>data.pkl</c> and the storages <c>data/KEY</c>, all uncompressed.</summary>
internal sealed class PyTorchZip : IDisposable
{
    private const string PickleName = "data.pkl";

    private readonly ZipArchive archive;
    private readonly ZipArchiveEntry pickle;

    public PyTorchZip(Stream stream)
    {
        archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
        long unclaimed = stream.Length;
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            // Compressed, or the same bytes under many names: not PyTorch's doing, but a way to make little grow into much.
            if (entry.Length != entry.CompressedLength || entry.Length > unclaimed)
            {
                throw new InvalidDataException("its zip entries are compressed or overlap");
            }
            unclaimed -= entry.Length;
        }
        pickle =
            archive.Entries.FirstOrDefault(entry => entry.Name == PickleName)
            ?? throw new InvalidDataException($"its zip archive has no {PickleName}");
        string folder = pickle.FullName[..^PickleName.Length];
        if (archive.GetEntry(folder + "byteorder") is { } order && ReadAll(order) is not [(byte)'l', ..])
        {
            throw new InvalidDataException("it was written on a big-endian machine");
        }
        Storages = new ZipStorages(archive, folder, stream.Length);
    }

    /// <summary>Storages, read when first met.</summary>
    public PyTorchStorages Storages { get; }

    /// <summary>The pickle, in memory.</summary>
    public Stream OpenPickle() => new MemoryStream(ReadAll(pickle), writable: false);

    public void Dispose() => archive.Dispose();

    private static byte[] ReadAll(ZipArchiveEntry entry)
    {
        var bytes = new byte[entry.Length];
        using Stream stream = entry.Open();
        stream.ReadExactly(bytes);
        return bytes;
    }

    private sealed class ZipStorages(ZipArchive archive, string folder, long fileBytes) : PyTorchStorages(fileBytes)
    {
        protected override void OnNew(string key, Tensor storage)
        {
            ZipArchiveEntry entry =
                archive.GetEntry($"{folder}data/{key}") ?? throw new InvalidDataException("it lacks a storage that it refers to");
            if (entry.Length != storage.numel() * storage.ElementSize)
            {
                throw new InvalidDataException("it has a storage of another length than it says");
            }
            using Stream stream = entry.Open();
            TensorBytes.Read(stream, storage);
        }
    }
}
