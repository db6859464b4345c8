using System.Buffers.Binary;

namespace Paws.Kernels;

/// <summary>A register of the processor that holds an address or a count.</summary>
internal enum Register : byte
{
    Rcx = 1,
    Rdx = 2,
    Rsi = 6,
    Rdi = 7,
    R8 = 8,
    R9 = 9,
    R10 = 10,
    R11 = 11,
}

/// <summary>
/// Writes the few x86-64 instructions that the kernels need. The reason it is here: the runtime has no name for VDPBF16PS, which
/// multiplies sixteen pairs of bf16 numbers and adds each pair's products to a float, twice the rate of what it has names for.
/// Encodings: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2 (EVEX prefix, section 2.7).
/// </summary>
internal sealed class Assembler
{
    private const int Map0F = 1;
    private const int Map0F38 = 2;
    private readonly List<byte> code = [];

    /// <summary>How many vector registers there are, zmm0 to zmm31.</summary>
    public const int Vectors = 32;

    /// <summary>What was written so far.</summary>
    public byte[] ToArray() => [.. code];

    /// <summary>A place to jump back to: the next instruction.</summary>
    public int Here => code.Count;

    /// <summary>vector = 64 bytes at address + offset.</summary>
    public void Load(int vector, Register address, int offset) => Evex(Map0F, 0, 0x10, vector, 0, address, offset);

    /// <summary>64 bytes at address + offset = vector.</summary>
    public void Store(Register address, int offset, int vector) => Evex(Map0F, 0, 0x11, vector, 0, address, offset);

    /// <summary>Every four bytes of the vector = the four bytes at address + offset.</summary>
    public void Broadcast(int vector, Register address, int offset) => Evex(Map0F38, 1, 0x58, vector, 0, address, offset);

    /// <summary>sums[i] += a[2i] · b[2i] + a[2i + 1] · b[2i + 1]; sums in fp32, a and b in bf16.</summary>
    public void MultiplyPairs(int sums, int a, int b)
    {
        EvexPrefix(Map0F38, 2, sums, a, (b & 8) != 0, (b & 16) != 0);
        code.Add(0x52);
        code.Add((byte)(0xC0 | ((sums & 7) << 3) | (b & 7)));
    }

    /// <summary>register += value.</summary>
    public void Add(Register register, int value)
    {
        code.Add((byte)(0x48 | ((int)register >> 3)));
        code.Add(0x81);
        code.Add((byte)(0xC0 | ((int)register & 7)));
        Number(value);
    }

    /// <summary>target = source.</summary>
    public void Move(Register target, Register source)
    {
        code.Add((byte)(0x48 | (((int)source >> 3) << 2) | ((int)target >> 3)));
        code.Add(0x89);
        code.Add((byte)(0xC0 | (((int)source & 7) << 3) | ((int)target & 7)));
    }

    /// <summary>register = value, not negative.</summary>
    public void Set(Register register, int value)
    {
        if ((int)register >= 8)
        {
            code.Add(0x41);
        }
        code.Add((byte)(0xB8 | ((int)register & 7)));
        Number(value);
    }

    /// <summary>Takes one from the counter and jumps back unless nothing is left.</summary>
    public void Repeat(Register counter, int from)
    {
        code.Add((byte)(0x48 | ((int)counter >> 3)));
        code.Add(0xFF);
        code.Add((byte)(0xC8 | ((int)counter & 7)));
        code.Add(0x0F);
        code.Add(0x85);
        Number(from - (code.Count + 4));
    }

    /// <summary>Ends the function; the upper halves of the vectors are cleared for code that does not know them.</summary>
    public void Return() => code.AddRange([0xC5, 0xF8, 0x77, 0xC3]);

    private void Evex(int map, int prefix, byte operation, int vector, int second, Register address, int offset)
    {
        EvexPrefix(map, prefix, vector, second, ((int)address & 8) != 0, false);
        code.Add(operation);
        code.Add((byte)(0x80 | ((vector & 7) << 3) | ((int)address & 7)));
        Number(offset);
    }

    /// <summary>62, then three bytes in which register numbers are written inverted; 512 bits wide, no mask.</summary>
    private void EvexPrefix(int map, int prefix, int first, int second, bool thirdBit3, bool thirdBit4)
    {
        var extensions = ((first & 8) == 0 ? 0x80 : 0) | (thirdBit4 ? 0 : 0x40) | (thirdBit3 ? 0 : 0x20) | ((first & 16) == 0 ? 0x10 : 0);
        code.Add(0x62);
        code.Add((byte)(extensions | map));
        code.Add((byte)(((~second & 15) << 3) | 4 | prefix));
        code.Add((byte)(0x40 | ((second & 16) == 0 ? 8 : 0)));
    }

    private void Number(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        code.AddRange(bytes);
    }
}
