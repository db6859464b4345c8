using System.Runtime.InteropServices;

namespace Paws.Kernels;

/// <summary>
/// Memory that a thread of the kernels writes and reads again at once: one piece a thread, kept from call to call and as long as the
/// longest call asked for, so that it stays in the caches. A line of a cache (64 bytes) is the unit.
/// </summary>
internal sealed unsafe class Scratch
{
    private const nuint Line = 64;
    private byte* memory;
    private nuint length;
    private nuint taken;

    [ThreadStatic]
    private static Scratch? ofThisThread;

    /// <summary>This thread's scratch, all of it free again.</summary>
    /// <param name="bytes">What will be taken, with up to 64 bytes more for each piece.</param>
    public static Scratch Take(nuint bytes)
    {
        var scratch = ofThisThread ??= new Scratch();
        scratch.taken = 0;
        if (bytes > scratch.length)
        {
            NativeMemory.AlignedFree(scratch.memory);
            scratch.memory = null; // should the next line fail
            scratch.length = 0;
            scratch.memory = (byte*)NativeMemory.AlignedAlloc(bytes, Line);
            scratch.length = bytes;
        }
        return scratch;
    }

    /// <summary>So many numbers of some type, with any values.</summary>
    public T* Numbers<T>(int count)
        where T : unmanaged
    {
        var piece = memory + taken;
        taken += ((nuint)count * (nuint)sizeof(T) + Line - 1) / Line * Line;
        return taken <= length ? (T*)piece : throw new InvalidOperationException("a kernel took more scratch than it asked for");
    }

    ~Scratch() => NativeMemory.AlignedFree(memory);
}
