using System.Diagnostics;
using System.Text;
using Paws.Data.Sampling;
using Paws.Runner.Commands;
using TorchSharp;

namespace Paws.Runner.Parallel;

/// <summary>
/// The ranks of a run as training sees them: the collectives with their time taken, agreement on who failed or stops, and who leads.
/// Rank 0 leads: it alone writes files and talks.
/// </summary>
internal sealed class Workers : IDisposable
{
    private ICollectives collectives;
    private readonly Launch launch;
    private long ticks;

    /// <param name="collectives">How they talk.</param>
    /// <param name="launch">How they were started.</param>
    /// <param name="alone">Whether nothing has to be talked about; null for "if there is one". A test says no of one rank.</param>
    public Workers(ICollectives collectives, Launch launch, bool? alone = null)
    {
        (this.collectives, this.launch) = (collectives, launch);
        Alone = alone ?? collectives.Size == 1;
        Shard = new Shard(collectives.Rank, collectives.Size);
    }

    /// <summary>One rank.</summary>
    public static Workers Single { get; } = new(new SingleProcess(), Launch.Alone);

    /// <summary>This process, from 0.</summary>
    public int Rank => collectives.Rank;

    /// <summary>How many there are.</summary>
    public int Size => collectives.Size;

    /// <summary>How many there are on this machine.</summary>
    public int LocalSize => launch.LocalSize;

    /// <summary>Whether there are no others.</summary>
    public bool Alone { get; }

    /// <summary>Whether this rank writes files and talks.</summary>
    public bool Leads => Rank == 0;

    /// <summary>This rank's part of anything that is divided.</summary>
    public Shard Shard { get; }

    /// <summary>Over what they talk.</summary>
    public string Name => collectives.Name;

    /// <summary>Whether ranks have been talking: from then on a rank that fails by itself has to end the others.</summary>
    public bool Engaged { get; private set; }

    /// <summary>Seconds spent in collective operations so far, waiting for others included. On a GPU only what it took to queue them.</summary>
    public double Seconds => (double)Interlocked.Read(ref ticks) / Stopwatch.Frequency;

    /// <summary>The layer itself.</summary>
    public ICollectives Collectives => collectives;

    /// <summary>Lets tensors on a device travel as the device's own library does it. All ranks call it together.</summary>
    /// <exception cref="UserErrorException">Ranks compute on devices of different kinds, or NCCL is not there.</exception>
    public void Use(torch.Device device)
    {
        if (Alone)
        {
            return;
        }
        var cuda = device.type == DeviceType.CUDA;
        var withCuda = Gather(cuda ? 1 : 0).Count(kind => kind == 1);
        if (withCuda > 0 && withCuda < Size)
        {
            throw new UserErrorException($"{withCuda} of {Size} ranks have a GPU; give all of them one, or use --device cpu");
        }
        if (cuda && collectives is not Nccl.NcclCollectives)
        {
            var why = "";
            var nccl = Together(() =>
                Nccl.NcclApi.TryLoad(out why)
                ?? throw new UserErrorException(
                    $"ranks with GPUs need NCCL: {why}; install it (PyTorch brings one: put its folder on LD_LIBRARY_PATH)"
                )
            );
            collectives = new Nccl.NcclCollectives(nccl, collectives);
        }
    }

    /// <summary>Replaces a tensor by its sum over all ranks.</summary>
    public void Sum(torch.Tensor tensor) => Timed(() => collectives.Sum(tensor));

    /// <summary>
    /// The same for a call out of libtorch, through which no exception may pass: a failure ends the process, and with it the job.
    /// </summary>
    public void SumOrDie(torch.Tensor tensor)
    {
        try
        {
            Sum(tensor);
        }
        catch (Exception e)
        {
            Die(e, Console.Error);
        }
    }

    /// <summary>The tensors of all ranks, one after the other in one dimension more.</summary>
    public torch.Tensor Gather(torch.Tensor own)
    {
        var all = torch.empty([Size, .. own.shape], own.dtype, own.device);
        Timed(() => collectives.Gather(own, all));
        return all;
    }

    /// <summary>A number of each rank.</summary>
    public long[] Gather(long own)
    {
        using var scope = torch.NewDisposeScope();
        return [.. Gather(torch.tensor(new[] { own })).data<long>().ToArray()];
    }

    /// <summary>Replaces a tensor by rank 0's.</summary>
    public void Broadcast(torch.Tensor tensor) => Timed(() => collectives.Broadcast(tensor, 0));

    /// <summary>A number as rank 0 has it.</summary>
    public double Broadcast(double value)
    {
        using var tensor = torch.tensor(new[] { value });
        Broadcast(tensor);
        return tensor.data<double>()[0];
    }

    /// <summary>A text as a rank has it.</summary>
    public string Broadcast(string text, int root = 0)
    {
        using var scope = torch.NewDisposeScope();
        var bytes = Encoding.UTF8.GetBytes(text);
        var length = torch.tensor(new[] { (long)bytes.Length });
        Timed(() => collectives.Broadcast(length, root));
        var buffer = new byte[length.data<long>()[0]];
        if (buffer.Length == 0)
        {
            return "";
        }
        if (Rank == root)
        {
            bytes.CopyTo(buffer, 0);
        }
        var tensor = torch.tensor(buffer);
        Timed(() => collectives.Broadcast(tensor, root));
        return Encoding.UTF8.GetString(TensorData.Span(tensor));
    }

    /// <summary>Returns when all ranks have come here, without keeping a core busy.</summary>
    public void Barrier() => Timed(collectives.Barrier);

    /// <summary>
    /// All ranks say how they are. If one has failed, all end with its failure in words, so that nobody waits for it.
    /// </summary>
    /// <param name="failure">What went wrong here, or null.</param>
    /// <param name="stops">Whether this rank was asked to stop.</param>
    /// <returns>Whether any rank was asked to stop.</returns>
    /// <exception cref="RankFailedException">Some rank failed. Alone, the failure itself is thrown.</exception>
    public bool Agree(Exception? failure, bool stops = false)
    {
        if (Alone)
        {
            if (failure is not null)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
            }
            return stops;
        }
        Engaged = true;
        const long fine = 0,
            asked = 1,
            failed = 2;
        var states = Gather(
            failure is not null ? failed
            : stops ? asked
            : fine
        );
        var first = Array.IndexOf(states, failed);
        if (first < 0)
        {
            return states.Contains(asked);
        }
        var (known, words) = failure is null ? (false, "") : Failure.InWords(failure);
        words = Broadcast(words, first);
        var code = Gather(known ? Failure.UserError : Failure.Unexpected)[first];
        var all = Array.TrueForAll(states, state => state == failed);
        throw new RankFailedException(all ? words : $"rank {first}: {words}", (int)code, failure);
    }

    /// <summary>Does what may fail on one rank alone, without collective operations in it, and lets all ranks end if it did.</summary>
    public T Together<T>(Func<T> work)
    {
        T result = default!;
        Exception? failure = null;
        try
        {
            result = work();
        }
        catch (Exception e) when (!Alone)
        {
            failure = e;
        }
        // One that was asked to stop has not failed: all stop.
        var stops = failure is OperationCanceledException;
        if (Agree(stops ? null : failure, stops))
        {
            throw new RanksStoppedException();
        }
        return result;
    }

    /// <summary>Says what went wrong on this rank and ends the job.</summary>
    public void Die(Exception e, TextWriter error)
    {
        var (known, words) = Failure.InWords(e);
        // That a connection is closed the others find too, one after the other; rank 0 finds it first.
        if (Leads || e is not CollectiveException)
        {
            error.WriteLine($"paws: error: rank {Rank}: {words}");
            error.Flush();
        }
        collectives.Abort(known ? Failure.UserError : Failure.Unexpected);
    }

    /// <summary>Leaves the others, when all do.</summary>
    public void Dispose() => collectives.Dispose();

    private void Timed(Action work)
    {
        Engaged = true;
        var begin = Stopwatch.GetTimestamp();
        work();
        Interlocked.Add(ref ticks, Stopwatch.GetTimestamp() - begin);
    }
}
