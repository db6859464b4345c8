namespace Paws.Data;

/// <summary>
/// SplitMix64: a small generator whose numbers are the same on every machine and runtime, seeded by any list of numbers.
/// Used where a result is a pure function of a seed: splits, hold-outs and drawn images.
/// </summary>
internal struct SplitMix
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong state;

    /// <summary>A stream of its own for each key; neighbouring keys give unrelated streams.</summary>
    public SplitMix(params ReadOnlySpan<long> key)
    {
        foreach (var part in key)
        {
            state = Mix(state + Golden + (ulong)part);
        }
    }

    /// <summary>The next 64 random bits.</summary>
    public ulong Next()
    {
        state += Golden;
        return Mix(state);
    }

    /// <summary>Uniform in [0, 1).</summary>
    public float Unit() => (Next() >> 40) * (1f / (1 << 24));

    /// <summary>Uniform in [low, high).</summary>
    public float Between(float low, float high) => low + ((high - low) * Unit());

    /// <summary>True with the given probability.</summary>
    public bool Chance(float probability) => Unit() < probability;

    /// <summary>Uniform in [0, count); the bias is below count / 2⁶⁴.</summary>
    public int Below(int count) => (int)Math.BigMul(Next(), (ulong)count, out _);

    /// <summary>Puts the items into a random order.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var last = items.Length - 1; last > 0; last--)
        {
            var other = Below(last + 1);
            (items[last], items[other]) = (items[other], items[last]);
        }
    }

    private static ulong Mix(ulong bits)
    {
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
        return bits ^ (bits >> 31);
    }
}
