using Paws.Data.Loading;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// Batches on their way to the device. On the CPU a batch is used where it lies, until the next one is taken. To a GPU it is copied
/// from pinned memory without waiting, so the loader must not write there again before the copy is done. TorchSharp has no
/// events to ask for that; so batches are kept, some steps long, and given back all together after one wait for the device, by
/// which every copy asked for before has been made.
/// </summary>
internal sealed class Uploads(torch.Device device) : IDisposable
{
    /// <summary>Steps between two waits for a GPU. A wait costs it the time in which the next step is prepared; a batch kept costs pinned memory.</summary>
    private const int StepsInFlight = 8;

    private readonly List<Batch> kept = [];
    private readonly int most = device.type == DeviceType.CPU ? 1 : StepsInFlight;

    /// <summary>
    /// Takes over a batch: its groups as [rows, 3, s, s] in channels-last order on the device, on the CPU without a copy. On the
    /// CPU they are valid until the next call. Whatever was computed from the batch before must be done with its images by then.
    /// </summary>
    public IReadOnlyList<torch.Tensor> Take(Batch batch)
    {
        if (kept.Count == most)
        {
            GiveBack();
        }
        kept.Add(batch);
        var groups = new torch.Tensor[batch.Plan.Groups.Count];
        for (var i = 0; i < groups.Length; i++)
        {
            var group = batch.Plan.Groups[i];
            var images = ((TensorMemory)batch.Memory[i]).Images(group.Rows.Length, group.Recipe.Size);
            groups[i] = device.type == DeviceType.CPU ? images : images.to(device, non_blocking: true);
        }
        return groups;
    }

    /// <summary>Gives all batches back, after their copies are done. Before the loader is disposed.</summary>
    public void Dispose() => GiveBack();

    private void GiveBack()
    {
        if (device.type == DeviceType.CUDA && kept.Count > 0)
        {
            torch.cuda.synchronize();
        }
        foreach (var batch in kept)
        {
            batch.Dispose();
        }
        kept.Clear();
    }
}
