using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Paws.Runner.Checkpoints;

/// <summary>The operands of pickle instructions, read from a seekable stream; no length is believed beyond what the stream holds.</summary>
internal sealed class PickleInput(Stream stream)
{
    private const int LongestLine = 4096;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public byte Byte() => stream.ReadByte() is var value and >= 0 ? (byte)value : throw new EndOfStreamException();

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Bytes(4));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Bytes(8));

    /// <summary>Pickle's one big-endian number.</summary>
    public double Double() => BinaryPrimitives.ReadDoubleBigEndian(Bytes(8));

    public byte[] Bytes(ulong count)
    {
        if (count > (ulong)Math.Min(stream.Length - stream.Position, Array.MaxLength))
        {
            throw new EndOfStreamException();
        }
        var bytes = new byte[count];
        stream.ReadExactly(bytes);
        return bytes;
    }

    public string Text(ulong byteCount) => Decode(Bytes(byteCount));

    /// <summary>Strings of Python 2, which come without an encoding.</summary>
    public string Latin1(ulong byteCount) => Encoding.Latin1.GetString(Bytes(byteCount));

    /// <summary>A line of text without its end.</summary>
    public string Line()
    {
        var bytes = new List<byte>();
        for (byte next = Byte(); next != '\n'; next = Byte())
        {
            if (bytes.Count == LongestLine)
            {
                throw new InvalidDataException("it names something with an endless name");
            }
            bytes.Add(next);
        }
        return Decode([.. bytes]);
    }

    /// <summary>A whole number in two's complement: a long where it fits.</summary>
    public object Integer(ulong byteCount)
    {
        // Larger numbers have no place in a checkpoint, and take quadratic time to print.
        if (byteCount > 64)
        {
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"it holds a whole number of {byteCount} bytes"));
        }
        var value = new BigInteger(Bytes(byteCount));
        return value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;
    }

    private static string Decode(byte[] bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException failure)
        {
            throw new InvalidDataException("it holds text that is not UTF-8", failure);
        }
    }
}
