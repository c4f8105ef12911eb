//! Reads a FlatBuffer that nobody is trusted for, and keeps account of every byte.
//!
//! Each object that is read *owns* its bytes. A byte with two owners is refused, so a small file cannot
//! stand for a large model by pointing many times to the same data; only vtables may be shared, as
//! every writer shares them. Bytes without an owner must be zero, and few: so there is no room for
//! hidden content, and trailing bytes are seen although a FlatBuffer does not say how long it is.
//! Depth is that of the caller, who reads a fixed schema: offsets cannot make it deeper.

use crate::{Refusal, RefusalCode};

/// The longest run of bytes that writers leave between two objects: the end of a string and the
/// alignment of an 8-byte value stay below it.
const PADDING_RUN_MAX: usize = 15;

/// A kind of table in vectors: its name in the schema, its number of fields, and a lower bound of the
/// bytes that one, with what it owns, takes in the file.
pub(crate) type Kind = (&'static str, usize, usize);

/// One bit for each byte of the file.
struct Bits(Vec<u64>);

impl Bits {
    fn new(len: usize) -> Bits {
        Bits(vec![0; len.div_ceil(64)])
    }

    fn get(&self, index: usize) -> bool {
        self.0[index / 64] >> (index % 64) & 1 == 1
    }

    fn set(&mut self, index: usize) {
        self.0[index / 64] |= 1 << (index % 64);
    }
}

/// A file and the account of its bytes.
pub(crate) struct File<'a> {
    bytes: &'a [u8],
    owned: Bits,
    /// First bytes of the vtables that were already read.
    vtables: Bits,
    /// Bytes of the longest name.
    name_bytes: usize,
}

/// A table: the positions of its fields.
#[derive(Clone, Copy)]
pub(crate) struct Table {
    /// Where the table starts.
    pub position: usize,
    vtable: usize,
    /// Slots of the vtable.
    slots: usize,
    /// Bytes of the table, from its start.
    len: usize,
    name: &'static str,
}

/// A vector of 32-bit signed integers, still in the file.
#[derive(Clone, Copy)]
pub(crate) struct Ints<'a>(&'a [u8]);

impl Ints<'_> {
    pub(crate) fn len(self) -> usize {
        self.0.len() / 4
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = i32> {
        self.0
            .as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| i32::from_le_bytes(*bytes))
    }
}

/// Bytes of a vector and where they start.
#[derive(Clone, Copy)]
pub(crate) struct Bytes<'a> {
    pub bytes: &'a [u8],
    pub offset: usize,
}

impl<'a> File<'a> {
    /// The file and its root table: its name in the schema, and how many fields it may have. Names are at most
    /// `name_bytes` bytes long.
    pub(crate) fn open(
        bytes: &'a [u8],
        identifier: &[u8; 4],
        (root, fields): (&'static str, usize),
        name_bytes: u32,
    ) -> Result<(File<'a>, Table), Refusal> {
        if bytes.get(4..8) != Some(identifier) {
            return Err(Refusal::at(
                RefusalCode::NotTosa,
                0,
                format!("the file has {} bytes and another beginning", bytes.len()),
            ));
        }
        let mut file = File {
            bytes,
            owned: Bits::new(bytes.len()),
            vtables: Bits::new(bytes.len()),
            name_bytes: name_bytes as usize,
        };
        file.own(4, 4)?;
        let root_position = file.follow(0)?;
        let table = file.table_at(root_position, root, fields)?;
        Ok((file, table))
    }

    /// Length of the file.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Checks that what nobody read is padding.
    pub(crate) fn close(self) -> Result<(), Refusal> {
        let mut run = 0;
        for (offset, &byte) in self.bytes.iter().enumerate() {
            if self.owned.get(offset) {
                run = 0;
                continue;
            }
            run += 1;
            if byte != 0 {
                return Err(Refusal::at(
                    RefusalCode::UnownedBytes,
                    offset,
                    format!("byte {byte:#04x} belongs to no object"),
                ));
            }
            if run > PADDING_RUN_MAX {
                return Err(Refusal::at(
                    RefusalCode::UnownedBytes,
                    offset,
                    format!("{run} bytes in a row belong to no object"),
                ));
            }
        }
        Ok(())
    }

    /// Makes `len` bytes from `offset` the property of the caller.
    fn own(&mut self, offset: usize, len: usize) -> Result<(), Refusal> {
        let range = self.range(offset, len)?;
        for index in range {
            if self.owned.get(index) {
                return Err(Refusal::at(
                    RefusalCode::Overlap,
                    index,
                    format!("the object of {len} bytes at {offset} meets another"),
                ));
            }
            self.owned.set(index);
        }
        Ok(())
    }

    fn range(&self, offset: usize, len: usize) -> Result<std::ops::Range<usize>, Refusal> {
        offset
            .checked_add(len)
            .filter(|&end| end <= self.bytes.len())
            .map(|end| offset..end)
            .ok_or_else(|| {
                Refusal::at(
                    RefusalCode::OutOfBounds,
                    offset,
                    format!(
                        "{len} bytes from {offset}, the file has {}",
                        self.bytes.len()
                    ),
                )
            })
    }

    /// `N` bytes at `offset`, aligned to `N`.
    fn number<const N: usize>(&self, offset: usize) -> Result<[u8; N], Refusal> {
        let range = self.range(offset, N)?;
        if !offset.is_multiple_of(N) {
            return Err(Refusal::at(
                RefusalCode::Misaligned,
                offset,
                format!("a number of {N} bytes at {offset}"),
            ));
        }
        let mut number = [0; N];
        number.copy_from_slice(&self.bytes[range]);
        Ok(number)
    }

    /// The position that the unsigned offset at `offset` points to; owns the offset.
    fn follow(&mut self, offset: usize) -> Result<usize, Refusal> {
        let distance = u32::from_le_bytes(self.number(offset)?) as usize;
        self.own(offset, 4)?;
        let target = offset.saturating_add(distance);
        self.range(target, 0)?;
        Ok(target)
    }

    /// The table at `position`, whose schema knows `fields` fields; owns its vtable.
    fn table_at(
        &mut self,
        position: usize,
        name: &'static str,
        fields: usize,
    ) -> Result<Table, Refusal> {
        let back = i32::from_le_bytes(self.number(position)?);
        self.own(position, 4)?;
        let vtable = (position as i64)
            .checked_sub(i64::from(back))
            .and_then(|vtable| usize::try_from(vtable).ok())
            .ok_or_else(|| {
                Refusal::at(
                    RefusalCode::OutOfBounds,
                    position,
                    format!("{name}: the vtable lies {back} bytes before"),
                )
            })?;
        let vtable_len = usize::from(u16::from_le_bytes(self.number(vtable)?));
        let len = usize::from(u16::from_le_bytes(self.number(vtable.saturating_add(2))?));
        self.range(vtable, vtable_len)?;
        self.range(position, len)?;
        if vtable_len < 4 || !vtable_len.is_multiple_of(2) || len < 4 {
            return Err(Refusal::at(
                RefusalCode::OutOfBounds,
                vtable,
                format!("{name}: a vtable of {vtable_len} bytes for a table of {len}"),
            ));
        }
        if !self.vtables.get(vtable) {
            self.own(vtable, vtable_len)?;
            self.vtables.set(vtable);
        }
        let table = Table {
            position,
            vtable,
            slots: (vtable_len - 4) / 2,
            len,
            name,
        };
        // Writers cut a vtable behind the last field that they wrote.
        if table.slots > fields {
            return Err(Refusal::at(
                RefusalCode::UnknownField,
                position,
                format!(
                    "{name} has {} fields, the schema knows {fields}",
                    table.slots
                ),
            ));
        }
        Ok(table)
    }

    fn slot(&self, table: Table, slot: usize) -> Result<usize, Refusal> {
        self.number(table.vtable + 4 + 2 * slot)
            .map(|bytes| usize::from(u16::from_le_bytes(bytes)))
    }

    /// Position of field `slot`, which takes `width` bytes, if it is present.
    fn field(&self, table: Table, slot: usize, width: usize) -> Result<Option<usize>, Refusal> {
        if slot >= table.slots {
            return Ok(None);
        }
        let offset = self.slot(table, slot)?;
        if offset == 0 {
            return Ok(None);
        }
        if offset < 4 || offset + width > table.len {
            return Err(Refusal::at(
                RefusalCode::OutOfBounds,
                table.vtable + 4 + 2 * slot,
                format!(
                    "{}: field {slot} at {offset} of a table of {} bytes",
                    table.name, table.len
                ),
            ));
        }
        Ok(Some(table.position + offset))
    }

    fn scalar<const N: usize>(
        &mut self,
        table: Table,
        slot: usize,
    ) -> Result<Option<[u8; N]>, Refusal> {
        let Some(position) = self.field(table, slot, N)? else {
            return Ok(None);
        };
        let number = self.number(position)?;
        self.own(position, N)?;
        Ok(Some(number))
    }

    /// A byte; `default` if absent.
    pub(crate) fn u8(&mut self, table: Table, slot: usize, default: u8) -> Result<u8, Refusal> {
        Ok(self.scalar(table, slot)?.map_or(default, u8::from_le_bytes))
    }

    /// A truth value; false if absent.
    pub(crate) fn bool(&mut self, table: Table, slot: usize) -> Result<bool, Refusal> {
        Ok(self.u8(table, slot, 0)? != 0)
    }

    /// An unsigned number of 32 bits; 0 if absent.
    pub(crate) fn u32(&mut self, table: Table, slot: usize) -> Result<u32, Refusal> {
        Ok(self.scalar(table, slot)?.map_or(0, u32::from_le_bytes))
    }

    /// A signed number of 32 bits; `default` if absent.
    pub(crate) fn i32(&mut self, table: Table, slot: usize, default: i32) -> Result<i32, Refusal> {
        Ok(self
            .scalar(table, slot)?
            .map_or(default, i32::from_le_bytes))
    }

    /// An unsigned number of 64 bits; 0 if absent.
    pub(crate) fn u64(&mut self, table: Table, slot: usize) -> Result<u64, Refusal> {
        Ok(self.scalar(table, slot)?.map_or(0, u64::from_le_bytes))
    }

    /// The table of a field, whose schema knows `fields` fields.
    pub(crate) fn table(
        &mut self,
        table: Table,
        slot: usize,
        name: &'static str,
        fields: usize,
    ) -> Result<Option<Table>, Refusal> {
        match self.field(table, slot, 4)? {
            Some(position) => {
                let target = self.follow(position)?;
                self.table_at(target, name, fields).map(Some)
            }
            None => Ok(None),
        }
    }

    /// The elements of the vector of a field: position of the first and number, `width` bytes each.
    fn vector(
        &mut self,
        table: Table,
        slot: usize,
        width: usize,
    ) -> Result<Option<(usize, usize)>, Refusal> {
        let Some(position) = self.field(table, slot, 4)? else {
            return Ok(None);
        };
        let start = self.follow(position)?;
        let count = u32::from_le_bytes(self.number(start)?) as usize;
        self.own(start, 4)?;
        let first = start + 4;
        self.range(first, count.saturating_mul(width))?;
        Ok(Some((first, count)))
    }

    /// A vector of bytes; empty if absent.
    pub(crate) fn bytes(&mut self, table: Table, slot: usize) -> Result<Bytes<'a>, Refusal> {
        let Some((first, count)) = self.vector(table, slot, 1)? else {
            return Ok(Bytes {
                bytes: &[],
                offset: table.position,
            });
        };
        self.own(first, count)?;
        Ok(Bytes {
            bytes: &self.bytes[first..first + count],
            offset: first,
        })
    }

    /// A vector of 32-bit integers; empty if absent.
    pub(crate) fn ints(&mut self, table: Table, slot: usize) -> Result<Ints<'a>, Refusal> {
        let Some((first, count)) = self.vector(table, slot, 4)? else {
            return Ok(Ints(&[]));
        };
        self.own(first, 4 * count)?;
        Ok(Ints(&self.bytes[first..first + 4 * count]))
    }

    /// A string of any length that nobody keeps or shows, if present.
    pub(crate) fn text(&mut self, table: Table, slot: usize) -> Result<Option<&'a str>, Refusal> {
        match self.field(table, slot, 4)? {
            Some(position) => self.string_behind(position, usize::MAX).map(Some),
            None => Ok(None),
        }
    }

    /// A name, if present.
    pub(crate) fn name(&mut self, table: Table, slot: usize) -> Result<Option<&'a str>, Refusal> {
        match self.field(table, slot, 4)? {
            Some(position) => self.string_behind(position, self.name_bytes).map(Some),
            None => Ok(None),
        }
    }

    /// A vector of names; empty if absent.
    pub(crate) fn names(&mut self, table: Table, slot: usize) -> Result<Vec<&'a str>, Refusal> {
        let Some((first, count)) = self.vector(table, slot, 4)? else {
            return Ok(Vec::new());
        };
        // The shortest string takes 5 bytes and its offset 4: a longer vector runs into an overlap.
        let mut names = Vec::with_capacity(count.min(self.bytes.len() / 9));
        for index in 0..count {
            names.push(self.string_behind(first + 4 * index, self.name_bytes)?);
        }
        Ok(names)
    }

    /// The tables of a vector of tables, read one after the other by `read`, which gets the index.
    pub(crate) fn tables<T>(
        &mut self,
        table: Table,
        slot: usize,
        (name, fields, bytes_min): Kind,
        mut read: impl FnMut(&mut File<'a>, usize, Table) -> Result<T, Refusal>,
    ) -> Result<Vec<T>, Refusal> {
        let Some((first, count)) = self.vector(table, slot, 4)? else {
            return Ok(Vec::new());
        };
        let mut tables = Vec::with_capacity(count.min(self.bytes.len() / bytes_min));
        for index in 0..count {
            let position = self.follow(first + 4 * index)?;
            let element = self.table_at(position, name, fields)?;
            tables.push(read(self, index, element)?);
        }
        Ok(tables)
    }

    /// The string that the offset at `position` points to, at most `bytes_max` bytes long.
    fn string_behind(&mut self, position: usize, bytes_max: usize) -> Result<&'a str, Refusal> {
        let start = self.follow(position)?;
        let len = u32::from_le_bytes(self.number(start)?) as usize;
        if len > bytes_max {
            return Err(Refusal::at(
                RefusalCode::NameBytes,
                start,
                format!("a name of {len} bytes, the limit is {bytes_max}"),
            ));
        }
        let with_end = self.range(start + 4, len.saturating_add(1))?;
        self.own(start, 4 + len + 1)?;
        let bytes = &self.bytes[with_end];
        if bytes[len] != 0 {
            return Err(Refusal::at(
                RefusalCode::BadText,
                start + 4 + len,
                "a string does not end with a zero byte",
            ));
        }
        std::str::from_utf8(&bytes[..len]).map_err(|error| {
            Refusal::at(
                RefusalCode::BadText,
                start + 4 + error.valid_up_to(),
                "a string is not UTF-8",
            )
        })
    }
}
